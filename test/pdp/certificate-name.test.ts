import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readSans, SAN } from '../../services/pdp/certificate-name.ts';
import { issue } from '../support/x509.ts';

const BUILD = 'URI:spiffe://example.org/agents/build';
const namesOf = (...names: string[]) => readSans(new X509Certificate(issue({ names }).cert).subjectAltName);

describe('the names of a certificate', () => {
  test('are its URIs and its host names, those in one spelling', () => {
    expect(namesOf('IP:10.0.0.1', 'DNS:Build.Example.ORG', 'URI:https://Example.org/a,b?c="d"')).toEqual([
      'DNS:build.example.org',
      'URI:https://Example.org/a,b?c="d"',
    ]);
    expect(namesOf(BUILD, 'DNS:a', 'DNS:A')).toEqual([BUILD, 'DNS:a']);
  });

  test('are none where there are none', () => {
    expect(readSans(undefined)).toEqual([]);
    expect(readSans('')).toEqual([]);
    expect(namesOf('IP:127.0.0.1')).toEqual([]);
  });

  test('cannot be made up inside of another', () => {
    for (const hostile of [
      `DNS:x, ${BUILD}`,
      `URI:https://x/, ${BUILD}`,
      `DNS:x", ${BUILD}, DNS:"`,
      `DNS:x\\", ${BUILD}`,
      `DNS:x\0.example.org`,
      `DNS:x\n${BUILD}`,
    ]) {
      expect(namesOf(hostile), hostile).not.toContain(BUILD);
      expect(
        namesOf(hostile, 'IP:127.0.0.1', 'DNS:ok')
          .filter((name) => name !== 'DNS:ok')
          .join(),
      ).not.toMatch(/^URI:spiffe|^DNS:x(\.example\.org)?$/);
    }
  });

  test('of SPIFFE are one URI, or none', () => {
    expect(namesOf(BUILD, 'URI:spiffe://example.org/agents/other')).toEqual([]);
    expect(namesOf(BUILD, 'URI:with spaces')).toEqual([]);
    expect(namesOf(BUILD, 'DNS:a.example')).toEqual([BUILD, 'DNS:a.example']);
    expect(namesOf('URI:https://a', 'URI:https://b')).toHaveLength(2);
  });

  test('are no name where the text is not understood', () => {
    for (const text of [
      `${BUILD},DNS:a`,
      `"DNS:a", ${BUILD}`,
      `${BUILD}, nothing`,
      'DNS:"a',
      `DNS:"\\x", ${BUILD} x`,
    ]) {
      expect(readSans(text).join(), text).not.toContain('DNS');
    }
  });
});

test('a credential is bound to no wildcard, address or pattern', () => {
  for (const name of [
    'DNS:*.example',
    'DNS:',
    'DNS:a..b',
    'DNS:.a',
    'DNS:a.',
    'IP:10.0.0.1',
    'URI:a',
    'URI:a b:c',
  ]) {
    expect(SAN.test(name), name).toBe(false);
  }
  for (const name of ['URI:urn:x', 'URI:spiffe://a/b', 'DNS:a', 'DNS:a_b.c-d.e']) {
    expect(SAN.test(name), name).toBe(true);
  }
});
