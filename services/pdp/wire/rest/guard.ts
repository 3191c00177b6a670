import type { IncomingMessage } from 'node:http';
import { PdpError } from '../../../engine/error.ts';
import { isLoopback } from '../loopback.ts';

const HOST = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i;

/**
 * Refuses what a browser may be made to send: a page of another site reaches this server through a name that it
 * controls (DNS rebinding), and then `Host` is that name; or directly, and then `Origin` is that site.
 * @param hosts the names that this server goes by besides loopback, without ports.
 * @throws PdpError `permission_denied`.
 */
export function checkOrigin(request: IncomingMessage, hosts: ReadonlySet<string>): void {
  const [host, ...moreHosts] = request.headersDistinct['host'] ?? [];
  if (host === undefined || moreHosts.length > 0 || !isOwnHost(host, hosts)) {
    throw new PdpError('permission_denied', 'Host is no name of this server', { field: 'Host' });
  }

  const origins = request.headersDistinct['origin'] ?? [];
  if (!origins.every((origin) => origin === `http://${host}` || origin === `https://${host}`)) {
    throw new PdpError('permission_denied', 'Origin is foreign', { field: 'Origin' });
  }
}

function isOwnHost(host: string, hosts: ReadonlySet<string>): boolean {
  const [, bracketed, plain] = HOST.exec(host) ?? [];
  const name = (bracketed ?? plain)?.toLowerCase();
  if (name === undefined) return false;

  return name === 'localhost' || isLoopback(name) || hosts.has(name);
}
