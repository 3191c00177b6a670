import { describe, test } from 'vitest';
import { LIMITS } from '../../services/engine/limits.ts';
import { manifest } from './bundle-changes.ts';
import { expectRefused, type Refusal } from './check-bundle.ts';

describe('check refuses', () => {
  test.each<Refusal>([
    ['an anchor', manifest((text) => `${text}limits: &a []\n`), 'yaml_syntax', /anchors/],
    ['an alias', manifest((text) => `${text}limits: *a\n`), 'yaml_syntax', /aliases/],
    ['a tag', manifest((text) => `${text}limits: !!seq []\n`), 'yaml_syntax', /tags/],
    ['a directive', manifest((text) => `%YAML 1.1\n---\n${text}`), 'yaml_syntax', /directives/],
    ['a second document', manifest((text) => `${text}---\na: 1\n`), 'yaml_syntax', /second document/],
    ['a repeated key', manifest((text) => `${text}name: other\n`), 'yaml_syntax', /twice/],
    [
      'a merge key',
      manifest((text) => `${text}<<: { limits: [] }\n`),
      'manifest_invalid',
      /unknown key "<<"/,
    ],
    [
      'deep YAML',
      manifest((text) => `${text}limits: ${'['.repeat(40)}${']'.repeat(40)}\n`),
      'yaml_syntax',
      /nested/,
    ],
    [
      'a manifest over its size',
      manifest((text) => `${text}#${' '.repeat(LIMITS.manifest_bytes)}`),
      'file_too_large',
      /larger/,
    ],
    ['an unknown key', manifest((text) => `${text}owner: me\n`), 'manifest_invalid', /unknown key "owner"/],
    [
      'an unknown format',
      manifest((text) => text.replace('format_version: 1', 'format_version: 2')),
      'manifest_invalid',
      /format_version/,
    ],
    [
      'a bad name',
      manifest((text) => text.replace('name: receipts', 'name: Receipts')),
      'manifest_invalid',
      /^name/,
    ],
    [
      'a version that is none',
      manifest((text) => text.replace('1.0.0', 'v1.0.0')),
      'manifest_invalid',
      /semantic version/,
    ],
    ['no owner', manifest((text) => text.replace('[finance]', '[]')), 'manifest_invalid', /owners/],
    [
      'a path that is none',
      manifest((text) => `${text}record: { allow: [input..path] }\n`),
      'manifest_invalid',
      /path into the context/,
    ],
    [
      'an unknown source',
      manifest((text) => text.replace('User: request', 'User: disk')),
      'manifest_invalid',
      /User/,
    ],
    [
      'a source for an unknown type',
      manifest((text) => text.replace('User: request', 'Usr: request')),
      'unknown_type',
      /Usr/,
    ],
  ])('%s', expectRefused);
});
