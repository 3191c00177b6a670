import { createHash } from 'node:crypto';
import type { OutcomeCall } from './types.ts';

/** SHA-256 over what a report says: the same for reports that say the same, over whichever transport and in whichever order. */
export function reportDigest({ outcome, cost, output_digest, ...figures }: OutcomeCall): Buffer {
  const costs = [...cost].map(([name, amount]) => [name, `${amount}`]).sort();
  const said = [figures.input_tokens, figures.output_tokens, figures.duration_ms].map((figure) =>
    figure === undefined ? null : `${figure}`,
  );

  return createHash('sha256')
    .update(JSON.stringify([outcome, costs, said, output_digest]))
    .digest();
}
