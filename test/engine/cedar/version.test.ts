import { expect, test } from 'vitest';
import { createCedarInstance } from '../../../services/engine/cedar/instance.ts';
import { CEDAR_VERSION } from '../../../services/engine/cedar/version.ts';

test('the version of Cedar that records name is that of cedar-wasm', () => {
  expect(createCedarInstance().call('getCedarSDKVersion')).toBe(CEDAR_VERSION);
});
