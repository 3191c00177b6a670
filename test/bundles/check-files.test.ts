import { describe, test } from 'vitest';
import { PERMIT, policy } from './bundle-changes.ts';
import { expectRefused, type Refusal } from './check-bundle.ts';

describe('check refuses', () => {
  test.each<Refusal>([
    ['no manifest', { 'bundle.yaml': undefined }, 'file_missing', /bundle\.yaml/],
    ['no schema', { 'schema.cedarschema': undefined }, 'file_missing', /schema\.cedarschema/],
    ['a file that does not belong', { 'run.sh': 'x' }, 'file_refused', /does not belong/],
    ['a policy that is not UTF-8', { 'extra.cedar': Uint8Array.of(0xff) }, 'not_utf8', /UTF-8/],
    ['a policy with a byte order mark', policy(`\u{feff}@id("a") ${PERMIT};`), 'not_utf8', /byte order mark/],
    ['a schema that is not UTF-8', { 'schema.cedarschema': Uint8Array.of(0xff) }, 'not_utf8', /UTF-8/],
  ])('%s', expectRefused);
});
