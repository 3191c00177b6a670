/** The prime of edwards25519 (RFC 8032, section 5.1). */
const P = 2n ** 255n - 19n;
/** One of the two y of the points of order 8; the other is its negative. */
const Y_OF_ORDER_8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
/** Of the points whose order divides 8: for a public key among them, signatures can be made without any private key. */
const SMALL_ORDER_Y: readonly bigint[] = [0n, 1n, P - 1n, Y_OF_ORDER_8, P - Y_OF_ORDER_8];

/**
 * Whether 32 bytes may be a public key. Libraries differ in what they make of points of small order and of a y that is not reduced
 * ("Taming the Many EdDSAs", section 3); we do not depend on which. That it is on the curve is not looked at: of a key that is
 * not, nothing is valid.
 */
export function isSoundPoint(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false;

  const y = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`) & (2n ** 255n - 1n);

  return y < P && !SMALL_ORDER_Y.includes(y);
}
