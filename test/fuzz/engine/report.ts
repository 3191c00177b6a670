import type { Judgement } from './judges.ts';
import { type FuzzPolicy, policyText } from './random-policy.ts';
import type { Case } from './shrink.ts';

/** A case as a person takes it up: everything that it needs, and what each evaluator makes of it. */
export function caseText(
  { schemaText, policies, entities, asked }: Case,
  { cedar, compiled }: Judgement,
): string {
  const { context, ...uids } = asked;

  return `schema:
${schemaText}
policies:
${policies.map(withId).join('\n')}
entities:
${entities}
request:
${JSON.stringify(uids).slice(0, -1)},"context":${context}}
cedar-wasm: ${cedar}
compiled:   ${compiled}`;
}

function withId(policy: FuzzPolicy): string {
  const values = policy.link === undefined ? '' : `, a link with ${JSON.stringify(policy.link.values)}`;

  return `// ${policy.id}${values}\n${policyText(policy)}`;
}
