/**
 * The bytes of a base64url text (RFC 4648, section 5, without padding), in its one spelling: other characters, padding and bits
 * beyond the last byte are refused, so that no two texts are one signature. `undefined`: it is none.
 */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');

  return bytes.toString('base64url') === text ? bytes : undefined;
}
