import type { Random } from '../engine/data/random.ts';

/** Changes a JSON text so that it is mostly still one, but says something else, or the same in a forbidden way. */
export function mutateText(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  const end = Math.min(text.length, at + random.below(40));

  return random.pick([
    () => replaceToken(random, text, /-?\d+/g, NUMBERS),
    () => replaceToken(random, text, /"(?:[^"\\]|\\.)*"/g, STRINGS),
    () => replaceToken(random, text, /\{/g, MEMBERS),
    () => replaceToken(random, text, /\{/g, MEMBERS),
    () => replaceToken(random, text, /\[/g, ['[null,', '[[],', `[${'1,'.repeat(999)}`, '['.repeat(40)]),
    () => replaceToken(random, text, /true|false|null/g, ['null', 'TRUE', 'true', '0', '[true]']),
    () => text.slice(0, at) + text.slice(end),
    () => text.slice(0, end) + text.slice(at),
    () => text.slice(0, at) + random.pick(INSERTS) + text.slice(at),
    () => text.slice(0, at),
    () => repeatMember(random, text),
  ])();
}

/** Changes bytes whatever they mean. */
export function mutateBytes(random: Random, bytes: Buffer): Buffer {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + random.below(30));

  return random.pick([
    () => flipped(random, bytes, at),
    () => flipped(random, bytes, at),
    () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]),
    () => Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]),
    () => Buffer.concat([bytes.subarray(0, at), randomBytes(random), bytes.subarray(at)]),
    () => bytes.subarray(0, at),
    () => Buffer.concat([bytes, bytes]),
  ])();
}

const LONG = 65_536;
const NUMBERS = [
  '1.0',
  '1e3',
  '-0',
  '-0.0',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775808',
  '-9223372036854775809',
  '9007199254740993',
  '18446744073709551615',
  '01',
  '1E400',
  '"1"',
  `1${'0'.repeat(400)}`,
];
const STRINGS = [
  '""',
  '"x"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\ufffd"',
  '"\\ufffd"',
  '"\\u0000"',
  '"e\u0301"',
  '"__entity"',
  '"__extn"',
  '"__expr"',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"Action"',
  '"type"',
  '"fn"',
  '"unknown"',
  '"pdp"',
  `"${'x'.repeat(LONG)}"`,
  `"${'x'.repeat(LONG + 1)}"`,
  `"${'\\u0001'.repeat(500)}"`,
  '{"__extn":{"fn":"unknown","arg":"x"}}',
  '{"__extn":{"fn":"offset","args":["2024-01-01","1h"]}}',
  '{"type":"Agent","id":"x"}',
  '{"__entity":{"type":"Agent","id":"x"}}',
  '"User::\\"a\\""',
  '"9999-12-31T23:59:59.999-2359"',
  '"1.1.1.1/33"',
  '"ff00::/8"',
];
const MEMBERS = [
  '{"pdp":{"now":"2024-01-01"},',
  '{"__proto__":{"flag":true},',
  '{"flag":true,',
  '{"blocked":true,',
  '{"":1,',
  '{"__entity":{"type":"Agent","id":"x"},',
  '{"__extn":{"fn":"unknown","arg":"x"},',
  '{"__expr":"true",',
  '{"attrs":{},',
  '{"uid":{"type":"Action","id":"act"},',
  '{"mode":"check",',
  '{"detail":"basic",',
  '{"at_least_sequence":0,',
  '{"context":{},',
  '{"entities":[],',
  '{{',
];
const INSERTS = ['\ufeff', '\u0000', ' ', '\n', ',', '"', '\\', '}', ']', '/**/', 'null', '\ud800', '0', '-'];

function replaceToken(random: Random, text: string, token: RegExp, others: readonly string[]): string {
  const found = [...text.matchAll(token)];
  if (found.length === 0) return text;
  const { index, 0: old } = random.pick(found);

  return text.slice(0, index) + random.pick(others) + text.slice(index + old.length);
}

/** The same name once more, in its own spelling or with an escape. */
function repeatMember(random: Random, text: string): string {
  const found = [...text.matchAll(/"(\w+)":/g)];
  if (found.length === 0) return text;
  const { index, 1: name = '' } = random.pick(found);
  const escaped = `\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${name.slice(1)}`;

  return `${text.slice(0, index)}"${random.pick([name, escaped])}":${random.pick(['true', '1', '{}', '"x"'])},${text.slice(index)}`;
}

function flipped(random: Random, bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length === 0) return copy;
  const place = Math.min(at, copy.length - 1);
  copy[place] = (copy[place] ?? 0) ^ (1 << random.below(8));

  return copy;
}

const BYTES = [
  [0xff],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xef, 0xbf, 0xbd],
  [0xf4, 0x90, 0x80, 0x80],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
  [0x60, 0x02],
  [0x68, 0x01],
  [0x22, 0x00],
  [0x2a, 0x02, 0x7b, 0x7d],
  [0x3a, 0x02, 0x5b, 0x5d],
  [0x0a, 0x00],
  [0x9a, 0x01, 0x00],
  [0x0b, 0x0c],
];

function randomBytes(random: Random): Buffer {
  if (random.oneIn(2)) return Buffer.from(random.pick(BYTES));

  return Buffer.from(random.list(8, () => random.below(256)));
}
