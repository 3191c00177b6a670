export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  /** Text right inside, but for the white space between elements. */
  readonly text: string;
}

interface Open {
  name: string;
  attributes: Record<string, string>;
  children: Element[];
  text: string;
}

const TOKEN =
  /<\?xml version="1\.0" encoding="UTF-8"\?>|<!--(?:(?!--)[\s\S])*-->|<\/(?<close>[a-z]+)>|<(?<open>[a-z]+)(?<attributes>(?: [a-z]+="[^"<]*")*)(?<empty>\/?)>|(?<text>[^<]+)/y;
const REFERENCE = /&(?:(amp|lt|gt|quot|apos)|#(\d+));/g;
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const CHARACTERS = /^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u;

/** A strict reader of the XML that we write (XML 1.0), with attribute values normalized. @throws Error on anything ill-formed. */
export function parseXml(xml: string): Element {
  if (!CHARACTERS.test(xml)) throw new Error('a character that XML does not have');
  const root: Open = { name: '', attributes: {}, children: [], text: '' };
  const stack = [root];

  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < xml.length) {
    const at = TOKEN.lastIndex;
    const groups = TOKEN.exec(xml)?.groups;
    if (groups === undefined) throw new Error(`ill-formed at ${xml.slice(at, at + 60)}`);
    const top = stack.at(-1) ?? root;
    const { close, open, attributes = '', empty, text } = groups;

    if (text !== undefined) top.text += decode(text);
    if (open !== undefined) {
      const element: Open = { name: open, attributes: attributesOf(attributes), children: [], text: '' };
      top.children.push(element);
      if (empty === '') stack.push(element);
    }
    if (close !== undefined) {
      if (top.name !== close) throw new Error(`</${close}> closes <${top.name}>`);
      stack.pop();
    }
  }

  const [only] = root.children;
  if (stack.length !== 1 || only === undefined || root.children.length !== 1)
    throw new Error('not one document');

  return only;
}

function attributesOf(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(/ ([a-z]+)="([^"]*)"/g)) {
    if (name in found) throw new Error(`${name} is there twice`);
    // Only references keep what is no plain space (XML 1.0, section 3.3.3).
    found[name] = decode(value.replace(/[\t\n\r]/g, ' '));
  }

  return found;
}

function decode(text: string): string {
  if (text.replace(REFERENCE, '').includes('&')) throw new Error(`a stray & in ${text}`);

  return text.replace(REFERENCE, (_all, name: string | undefined, code: string | undefined) =>
    name === undefined ? String.fromCodePoint(Number(code)) : (NAMED[name] ?? ''),
  );
}
