import { BlockList, isIP } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Tells whether an IP address is a loopback address, IPv4 mapped into IPv6 included.
 *
 * Ask it about the peer: RFC 1122, section 3.2.1.3 (g) and RFC 4291, section 2.5.3 keep such a source off every wire, so
 * a peer that has one is on this host. Our own side of the connection proves less: what binds 0.0.0.0 may be reached there.
 */
export function isLoopback(address: string | undefined): boolean {
  const version = isIP(address ?? '');
  if (address === undefined || version === 0) return false;

  return LOOPBACK.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

/** The same for a peer as gRPC writes it, `address:port`; an IPv6 address stands there without brackets. */
export function isLoopbackPeer(peer: string): boolean {
  return isLoopback(peer.slice(0, Math.max(0, peer.lastIndexOf(':'))));
}
