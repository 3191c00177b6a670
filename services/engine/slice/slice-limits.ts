import { LIMITS } from '../limits.ts';
import type { Policy } from '../policy.ts';
import { atOnce, eachInSteps, type Steps } from '../steps.ts';

/** Evaluating a link takes about so much less than parsing the text of its template, which is done once. */
const LINK_SHARE = 16;

type ExceededBySlice = 'slice_policies' | 'slice_bytes' | undefined;

/** The limits of slices of one bundle. */
export interface SliceLimits {
  /**
   * @param positions of policies, as the index gives them.
   * @returns the limit that the slice is over, `undefined` where a request may select it.
   */
  exceeded(positions: readonly number[]): ExceededBySlice;
}

export function createSliceLimits(policies: readonly Policy[]): SliceLimits {
  return atOnce(sliceLimitsInSteps(policies));
}

/** The same for whoever serves meanwhile. */
export function* sliceLimitsInSteps(policies: readonly Policy[]): Steps<SliceLimits> {
  // By position, because this is asked with every request.
  const bytes = new Float64Array(policies.length);
  yield* eachInSteps(policies, (policy, position) => {
    bytes[position] = sliceBytes([policy]);
  });

  return {
    exceeded(positions) {
      if (positions.length > LIMITS.slice_policies) return 'slice_policies';
      // Nearly every slice ends here, without a look at which links share a template.
      let atMost = 0;
      for (const position of positions) atMost += bytes[position] ?? 0;
      if (atMost <= LIMITS.slice_bytes) return undefined;

      const selected = positions.flatMap((position) => policies[position] ?? []);

      return sliceBytes(selected) > LIMITS.slice_bytes ? 'slice_bytes' : undefined;
    },
  };
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
