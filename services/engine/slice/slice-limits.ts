import { LIMITS } from '../limits.ts';
import type { Policy } from '../policy.ts';

/** Evaluating a link takes about so much less than parsing the text of its template, which is done once. */
const LINK_SHARE = 16;

/** The limit that a slice is over, `undefined` where a request may select it. */
export function exceededBySlice(policies: readonly Policy[]): 'slice_policies' | 'slice_bytes' | undefined {
  if (policies.length > LIMITS.slice_policies) return 'slice_policies';
  // Nearly every slice ends here, without a look at which links share a template.
  let atMost = 0;
  for (const policy of policies) atMost += bytesAlone(policy);
  if (atMost <= LIMITS.slice_bytes) return undefined;

  return sliceBytes(policies) > LIMITS.slice_bytes ? 'slice_bytes' : undefined;
}

const alone = new WeakMap<Policy, number>();

/** What a policy takes in a slice that nothing else of its template is in. */
function bytesAlone(policy: Policy): number {
  const known = alone.get(policy);
  if (known !== undefined) return known;

  const bytes = sliceBytes([policy]);
  alone.set(policy, bytes);

  return bytes;
}

function sliceBytes(policies: readonly Policy[]): number {
  const templates = new Set<string>();
  let bytes = 0;
  for (const { source } of policies) {
    if (source.kind === 'static') {
      bytes += Buffer.byteLength(source.text);
      continue;
    }
    const template = Buffer.byteLength(source.templateText);
    bytes += template / LINK_SHARE;
    if (!templates.has(source.templateId)) bytes += template;
    templates.add(source.templateId);
  }

  return bytes;
}
