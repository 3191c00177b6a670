/** A piece of Cedar text that knows where its expressions are, so that it can be made smaller and still parse. */
export interface Tree {
  readonly parts: readonly (string | Tree)[];
}

/** The expression of a template text; what is put in may be text or other expressions. */
export function cedar(texts: TemplateStringsArray, ...inner: readonly (string | Tree)[]): Tree {
  return { parts: texts.flatMap((text, index) => [text, inner[index] ?? '']).filter((part) => part !== '') };
}

/** Expressions with a separator between them. */
export function joined(trees: readonly Tree[], separator: string): Tree {
  return { parts: trees.flatMap((tree, index) => (index === 0 ? [tree] : [separator, tree])) };
}

export function textOf({ parts }: Tree): string {
  return parts.map((part) => (typeof part === 'string' ? part : textOf(part))).join('');
}

/** Leaves that any expression may be replaced by. */
const LEAVES = ['true', 'false', '0'].map((text) => cedar`${text}`);

/** What is left of an expression when one step is taken: a leaf, one of its own expressions, or itself with a smaller one inside. */
export function* smaller(tree: Tree): Generator<Tree> {
  const size = textOf(tree).length;
  for (const leaf of LEAVES) if (textOf(leaf).length < size) yield leaf;
  for (const part of tree.parts) if (typeof part !== 'string' && textOf(part).length < size) yield part;
  for (const [index, part] of tree.parts.entries()) {
    if (typeof part === 'string') continue;
    for (const less of smaller(part)) yield { parts: tree.parts.with(index, less) };
  }
}
