import { type filesOf, validFile } from './files-of.ts';

/** Files of the valid bundle that are other, more or fewer. */
export type Changes = Parameters<typeof filesOf>[0];

export const PERMIT = 'permit(principal, action, resource)';

/** Adds a file with this text as policies. */
export function policy(text: string): Changes {
  return { 'extra.cedar': text };
}

/** Adds a policy with this condition. */
export function when(condition: string): Changes {
  return policy(`@id("extra")\n${PERMIT} when { ${condition} };`);
}

/** Changes the text of the manifest. */
export function manifest(change: (text: string) => string): Changes {
  return { 'bundle.yaml': change(validFile('bundle.yaml')) };
}

/** Adds declarations to the schema. */
export function schema(declarations: string): Changes {
  return { 'schema.cedarschema': `${validFile('schema.cedarschema')}${declarations}` };
}

/** Adds entities, each as JSON text. */
export function entities(...texts: readonly string[]): Changes {
  const own = validFile('entities.json').trim().slice(0, -1);

  return { 'entities.json': `${own}, ${texts.join(',\n')}]` };
}

/** An entity of the type Receipt as JSON text. */
export function receipt(id: string, rest = '"attrs": {"public": true}, "parents": []'): string {
  return `{"uid": {"type": "Receipt", "id": "${id}"}, ${rest}}`;
}

const TEMPLATE =
  '@id("t")\npermit(principal == ?principal, action == Action::"view", resource in ?resource);\n';

/** A good link of the template that `links()` adds. */
export const LINK = {
  template_id: 't',
  id: 'l',
  values: { '?principal': { type: 'User', id: 'a' }, '?resource': { type: 'Receipt', id: 'r1' } },
};

/** Adds a template, and links of it. */
export function links(...items: readonly unknown[]): Changes {
  return { 'template.cedar': TEMPLATE, 'links.json': JSON.stringify(items) };
}

/** Changes the text of the bundle's test. */
export function yamlTest(change: (text: string) => string): Changes {
  return { 'tests/view.yaml': change(validFile('tests/view.yaml')) };
}

const CEDAR_TEST = {
  name: 'staff',
  request: {
    principal: 'User::"a"',
    action: 'Action::"view"',
    resource: 'Receipt::"r1"',
    context: { input: { path: 'x' }, pdp: { now: { __extn: { fn: 'datetime', arg: '2026-11-22' } } } },
  },
  entities: [
    { uid: { type: 'User', id: 'a' }, attrs: { level: 1 }, parents: [{ type: 'Group', id: 'staff' }] },
  ],
  decision: 'allow',
  reason: ['staff-view'],
  num_errors: 0,
};

/** Adds a test in Cedar's format that passes but for a change. */
export function cedarTest(change: object): Changes {
  return { 'tests/run.json': JSON.stringify([{ ...CEDAR_TEST, ...change }]) };
}

/** An expression that joins the same operand many times. */
export function chain(operator: string, operands: number, operand: string): string {
  return Array(operands).fill(operand).join(` ${operator} `);
}
