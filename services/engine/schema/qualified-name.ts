/** A name in its namespace; the empty namespace adds nothing. */
export function qualifiedName(namespace: string, name: string): string {
  return namespace === '' ? name : `${namespace}::${name}`;
}
