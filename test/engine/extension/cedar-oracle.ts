import { CedarText, createCedarInstance } from '../../../services/engine/cedar/instance.ts';
import type { Value } from '../../../services/engine/value/value.ts';
import { expressionOf } from '../data/cedar-text.ts';
import { cedarString } from '../data/random-schema.ts';

/** A call of an extension function with what this implementation makes of it; `undefined`: a failure. */
export interface Judged {
  readonly fn: string;
  /** Constructor texts, such as `ip("::1")`, or plain strings. */
  readonly args: readonly Value[];
  readonly result: Value | undefined;
}

const cedar = createCedarInstance();

/** Those calls of which Cedar makes something else. All are asked at once, as one policy each. */
export function disagreements(calls: readonly Judged[]): readonly Judged[] {
  const policies = Object.fromEntries(calls.map((call, index) => [String(index), policyOf(call)]));
  const uid = { type: 'U', id: 'u' };
  const request = {
    principal: uid,
    action: uid,
    resource: uid,
    context: {},
    entities: [],
    policies: { staticPolicies: policies },
  };
  const answer = cedar.call('isAuthorized', new CedarText(JSON.stringify(request))) as {
    readonly response: {
      readonly diagnostics: {
        readonly reason: readonly string[];
        readonly errors: readonly { readonly policyId: string }[];
      };
    };
  };
  const { reason, errors } = answer.response.diagnostics;
  const equal = new Set(reason);
  const failed = new Set(errors.map(({ policyId }) => policyId));

  return calls.filter(({ result }, index) => !(result === undefined ? failed : equal).has(String(index)));
}

/** True where Cedar's result is ours, an error where Cedar fails. */
function policyOf({ fn, args, result }: Judged): string {
  const [receiver = '', ...others] = args.map(expressionOf);
  const call = CONSTRUCTORS.has(fn)
    ? `${fn}(${args.map((arg) => (typeof arg === 'string' ? cedarString(arg) : expressionOf(arg))).join()})`
    : `(${receiver}).${fn}(${others.join()})`;

  return `permit(principal, action, resource) when { ${call} == ${result === undefined ? '0' : expressionOf(result)} };`;
}

const CONSTRUCTORS = new Set(['ip', 'decimal', 'datetime', 'duration']);
