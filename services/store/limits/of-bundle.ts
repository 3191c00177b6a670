import { z } from 'zod';
import { LIMIT_SCHEMA } from '../../bundles/limits/declaration.ts';
import { limitRule } from '../../bundles/limits/rule.ts';
import { PdpError } from '../../engine/error.ts';
import type { LimitDefinition } from './definitions.ts';

const MANIFEST = z.looseObject({ limits: z.array(LIMIT_SCHEMA).default([]) });

/**
 * The limits that a stored bundle brings into its store.
 * @param manifest as it was stored with the bundle, which passed its checks.
 * @throws PdpError `internal` where it is no such manifest.
 */
export function limitsOfBundle(manifest: unknown): readonly LimitDefinition[] {
  const parsed = MANIFEST.safeParse(manifest);
  if (!parsed.success) throw new PdpError('internal', 'a stored bundle has limits that cannot be read');

  return parsed.data.limits.map(limitRule);
}
