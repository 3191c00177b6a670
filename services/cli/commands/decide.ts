import { Command, Option } from 'commander';
import { type AnsweredDecision, answerBeside } from '../../bundles/answer.ts';
import { groupsText, ttlText } from '../../bundles/approvals/text.ts';
import { type CompiledBundle, compileBundle } from '../../bundles/compile.ts';
import { decideByBundle } from '../../bundles/decide.ts';
import { type Explanation, explainDecision } from '../../bundles/explain.ts';
import { limitsFact, limitsOf } from '../../bundles/limits/use.ts';
import type { OpenBundle } from '../../bundles/open.ts';
import { escapeControls, renderProblem } from '../../bundles/problem.ts';
import { withListed } from '../../bundles/stored/listed.ts';
import { NO_TEST_FACTS, type TestFacts } from '../../bundles/test-facts.ts';
import { openInWorker } from '../../bundles/worker/open.ts';
import { PdpError } from '../../engine/error.ts';
import type { Facts } from '../../engine/facts/assert.ts';
import type { FactName } from '../../engine/facts/shape.ts';
import { obligationText } from '../../engine/obligation.ts';
import { valueText } from '../../engine/traced/cedar-text.ts';
import { uidKey } from '../../engine/value/value.ts';
import { factsAt } from '../../pdp/facts.ts';
import { CliError, EXIT } from '../errors.ts';
import { print } from '../output.ts';
import { decisionJson, explanationJson } from './decide/as-json.ts';
import { type BundleChoice, readChosenBundle } from './decide/bundle-source.ts';
import { addFact, type QuestionOptions, readQuestion } from './decide/question.ts';
import { treeLines } from './decide/tree.ts';

interface DecideOptions extends QuestionOptions, BundleChoice {
  readonly fact?: TestFacts;
  readonly explain?: boolean;
  readonly policy?: string;
  readonly json?: boolean;
}

const EPILOGUE = `
Decides as a server does that runs this bundle, without one: the same checks of the request, the same evaluation, the same rules.
What a credential may ask and what a deployment adds are not part of it, and nothing is recorded. A fact that the action declares
and --fact does not give is what the server would assert: for now, this clock; of a limit, that nothing of it is used.

Where people can lift a denial, the answer is approval_required, with whose word it takes and how long they have. Nobody is asked;
--fact 'approval={"by":["User::\\"fay\\""],"at":"2026-11-29T10:00:00Z","count":1}' says that they have approved.

--explain shows each policy whose scope matches, and of its conditions every expression with what came of it. --policy shows one
policy, also where its scope excludes it, and which part does.

Exit codes: 0 allow; 1 deny; 2 not decided: wrong usage, a bundle that cannot be read, a request that is refused.

Examples:
  palisade decide --bundle policies/receipts --request request.json --explain
  palisade decide --store default --request request.json --policy no-push-to-main`;

const REQUEST_PARTS = ['principal', 'action', 'resource', 'context', 'entities'];

export function decideCommand(): Command {
  return new Command('decide')
    .option(
      '--bundle <bundle>',
      'a folder with bundle.yaml, an archive that `build` wrote, or sha256:… of one that a running Palisade has',
    )
    .option('--store <name>', 'instead: the bundle that is active now in this store of a running Palisade')
    .option('--principal <uid>', 'such as \'Agent::"build-bot"\'')
    .option('--action <uid>', 'such as \'Action::"git_push"\'')
    .option('--resource <uid>', 'such as \'Repo::"palisade"\'')
    .option('--context <json>', 'the context as Cedar JSON, or @file; empty if left out')
    .option(
      '--entities <json>',
      'the entities that the request supplies and, of `store` types, that the store holds, as Cedar JSON, or @file',
    )
    .addOption(
      new Option(
        '--request <file>',
        'instead of these: a file with the body of POST /v1/authorize',
      ).conflicts(REQUEST_PARTS),
    )
    .option(
      '--fact <name=value>',
      'what the server would assert, such as now=2026-11-22T10:00:00Z, limits.sent_today=3 or run={"labels":["secret"]}',
      addFact,
    )
    .option('--explain', 'say of each policy whose scope matches why it matches or not')
    .option('--policy <id>', 'explain this policy alone, also where its scope excludes it')
    .option('--json', 'print the answer, and the explanation, as JSON')
    .description(
      'Decides one request by a bundle, and explains why. With a folder or an archive it needs no running Palisade.',
    )
    .addHelpText('after', EPILOGUE)
    .action(async (options: DecideOptions) => {
      process.exitCode = await decide(options).catch((thrown: unknown) => {
        throw undecided(thrown);
      });
    });
}

/** Whatever keeps a request from being decided must not be read as a deny, which is an answer. */
function undecided(thrown: unknown): CliError {
  if (thrown instanceof CliError) return new CliError(thrown.message, EXIT.usage);
  if (thrown instanceof PdpError) {
    const { code, field, message } = thrown;
    const place = field === undefined || message.includes(field) ? '' : `${field}: `;
    return new CliError(`not decided (${code}): ${place}${message}`, EXIT.usage);
  }

  return new CliError(
    thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
    EXIT.usage,
  );
}

interface Answer {
  readonly decided: AnsweredDecision;
  readonly explanation?: Explanation;
}

async function decide(options: DecideOptions): Promise<0 | 1> {
  const call = await readQuestion(options);
  const { parts, places, problems } = await open(options);
  const expected = call.expected_bundle_digest;
  if (expected !== '' && expected !== parts.digest) {
    throw new PdpError('precondition_failed', `this bundle is ${parts.digest}`, {
      field: 'expected_bundle_digest',
    });
  }

  const bundle = await compileBundle(parts);
  const given = options.fact ?? NO_TEST_FACTS;
  const rules = limitsOf(bundle, uidKey(call.action.type, call.action.id));
  const use = new Map([...rules.map(({ name }) => [name, 0n] as const), ...given.use]);
  const now = given.now === undefined ? Date.now() : Number(given.now.epochMs);
  const facts = (names: readonly FactName[]): Facts => ({
    ...given.told,
    ...factsAt(now, names),
    ...limitsFact(rules, use),
  });
  if (options.policy !== undefined && !bundle.policies.has(options.policy)) {
    throw new CliError(`the bundle has no policy ${options.policy}`, EXIT.usage);
  }
  const explains = options.explain === true || options.policy !== undefined;
  const judged = withListed(
    bundle,
    call,
    (asked, listed): Answer =>
      explains
        ? explainDecision(bundle, places, asked, facts, options.policy, listed)
        : { decided: decideByBundle(bundle, asked, facts, listed) },
  );

  const answer = { ...judged, decided: answerBeside(bundle, judged.decided, { use, now }) };

  if (given.now !== undefined && answer.decided.informed.facts.now === undefined) {
    note('the action does not declare the fact now, so --fact changes nothing');
  }
  for (const name of given.use.keys()) {
    if (!rules.some((rule) => rule.name === name))
      note(`no limit ${name} counts the action, so --fact changes nothing`);
  }
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  if (errors > 0)
    note(`${errors} problem(s) keep this bundle from being deployed; \`palisade bundle check\` lists them`);
  print(answerJson(bundle, answer, errors), options.json, () => answerLines(bundle, answer));

  return answer.decided.verdict.decision === 'allow' ? EXIT.ok : EXIT.failed;
}

/** Beside the answer, which is on standard output alone. */
function note(text: string): void {
  process.stderr.write(`palisade: ${text}\n`);
}

/** @throws CliError with the problems where the bundle cannot be read. */
async function open(
  choice: BundleChoice,
): Promise<OpenBundle & { readonly parts: NonNullable<OpenBundle['parts']> }> {
  const source = await readChosenBundle(choice);
  const opened = await openInWorker(source.bundle);
  const problems = [...source.problems, ...opened.problems];
  const { parts } = opened;
  if (parts === undefined) {
    const errors = problems.filter(({ severity }) => severity === 'error').map(renderProblem);
    throw new CliError(['the bundle cannot be read', ...errors].join('\n\n'), EXIT.usage);
  }
  if (source.digest !== undefined && source.digest !== parts.digest) {
    throw new CliError(`the server sent ${parts.digest} for ${source.digest}`, EXIT.usage);
  }
  for (const text of source.notes) note(text);

  return { ...opened, parts, problems };
}

function answerJson({ ref }: CompiledBundle, { decided, explanation }: Answer, problems: number) {
  return {
    ...decisionJson(decided),
    bundle: { ...ref },
    bundle_problems: BigInt(problems),
    ...(explanation === undefined ? {} : { explanation: explanationJson(explanation) }),
  };
}

function answerLines({ ref }: CompiledBundle, { decided, explanation }: Answer): string[] {
  const { verdict, evaluation, informed, approval } = decided;
  const message = verdict.message === '' ? '' : `: ${verdict.message}`;
  const policies = evaluation.determining.length === 0 ? 'no policy' : evaluation.determining.join(', ');
  const facts = Object.entries(informed.facts).map(([name, value]) => `${name} is ${valueText(value)}`);

  return [
    `${verdict.decision} (${verdict.reasonCode})${message}`,
    evaluation.decision === verdict.decision
      ? `by ${policies}`
      : verdict.reasonCode === 'limit_exceeded'
        ? `over a limit; the policies allow it, by ${policies}`
        : `Cedar alone would ${evaluation.decision}, by ${policies}; a forbid failed, which denies`,
    ...(approval === undefined
      ? []
      : [`until approved by ${groupsText(approval.groups)}, within ${ttlText(approval.ttlMs)}`]),
    ...verdict.obligations.map((obligation) => `obliges to ${obligationText(obligation)}`),
    ...verdict.alternatives.map((text) => `instead: ${text}`),
    `in ${ref.name} ${ref.version} ${ref.digest}`,
    ...evaluation.errors.map(({ policyId, message: why }) => `${policyId} failed: ${why}`),
    ...(facts.length === 0 ? [] : [`facts: ${facts.join(', ')}`]),
    ...(explanation === undefined ? [] : treeLines(explanation)),
  ].map(escapeControls);
}
