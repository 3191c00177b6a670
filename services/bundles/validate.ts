import type { DetailedError, ValidationError } from '@cedar-policy/cedar-wasm/nodejs';
import type { Policy } from '../engine/policy.ts';
import type { Allowances } from './allowances.ts';
import { type Cedar, helpOf, spanOfError } from './cedar.ts';
import { LINKS_PATH, MANIFEST_PATH } from './files.ts';
import { headOf, type ParsedPolicy } from './policies.ts';
import type { ProblemCode } from './problem.ts';
import type { Problems } from './problems.ts';

/** Findings that Cedar calls warnings and a bundle must allow by name, by how their message begins. */
const FINDINGS = [
  { begins: 'policy is impossible', code: 'impossible_policy' },
  { begins: 'unable to find an applicable action', code: 'no_applicable_action' },
] as const;
/** Policies per call: each call parses the schema again, and blocks for about 0.1 ms a policy. */
const BATCH = 1_000;
/** Calls that may trap before validation stops: each costs a new instance. */
const MAX_TRAPS = 100;

export interface Validation {
  readonly schemaText: string;
  readonly allowances: Allowances;
  readonly parsed: readonly ParsedPolicy[];
  readonly links: readonly Policy[];
}

interface State extends Validation {
  readonly cedar: Cedar;
  readonly problems: Problems;
  readonly byId: ReadonlyMap<string, ParsedPolicy>;
  traps: number;
}

/** A policy, template or link, as one element of what is validated. */
type Item = { readonly policy: ParsedPolicy } | { readonly link: Policy };

/**
 * Strict validation by Cedar, in batches; a batch that traps is halved until the policy is found. Yields how many items are
 * done after each batch.
 */
export function* validatePolicies(
  validation: Validation,
  cedar: Cedar,
  problems: Problems,
): Generator<number> {
  const { parsed, links } = validation;
  const byId = new Map(parsed.map((policy) => [policy.id, policy]));
  const state: State = { ...validation, cedar, problems, byId, traps: 0 };
  const items: Item[] = [
    ...[...byId.values()].map((policy) => ({ policy })),
    ...links.map((link) => ({ link })),
  ];

  for (let start = 0; start < items.length; start += BATCH) {
    validateItems(items.slice(start, start + BATCH), state);
    yield Math.min(start + BATCH, items.length);
  }

  if (state.traps >= MAX_TRAPS) {
    problems.of(MANIFEST_PATH, 'check_incomplete', 'validation stopped: too many policies trap Cedar');
  }
}

function validateItems(items: readonly Item[], state: State): void {
  if (state.traps >= MAX_TRAPS) return;

  const reply = state.cedar.ask('validate', { schema: state.schemaText, policies: policySet(items, state) });
  if (reply.type === 'success') {
    report(reply.answer['validationErrors'] as readonly ValidationError[], 'policy_invalid', items, state);
    report(reply.answer['validationWarnings'] as readonly ValidationError[], 'policy_warning', items, state);
    return;
  }

  if (reply.type === 'trap') state.traps += 1;
  if (items.length > 1) {
    const half = items.length >> 1;
    validateItems(items.slice(0, half), state);
    validateItems(items.slice(half), state);
    return;
  }

  for (const item of items) reportRefused(item, reply.type === 'trap' ? [] : reply.errors, state);
}

/** Links are validated together with their templates. */
function policySet(items: readonly Item[], { byId }: State): unknown {
  const staticPolicies: Record<string, string> = {};
  const templates: Record<string, string> = {};
  const templateLinks: unknown[] = [];

  for (const item of items) {
    if ('policy' in item) {
      const target = item.policy.slots.length === 0 ? staticPolicies : templates;
      target[item.policy.id] = item.policy.text;
      continue;
    }
    const { id, source } = item.link;
    if (source.kind !== 'link') continue;
    templates[source.templateId] = byId.get(source.templateId)?.text ?? source.templateText;
    templateLinks.push({ templateId: source.templateId, newId: id, values: source.values });
  }

  return { staticPolicies, templates, templateLinks };
}

function report(
  findings: readonly ValidationError[],
  code: 'policy_invalid' | 'policy_warning',
  items: readonly Item[],
  state: State,
): void {
  const asked = new Map(items.map((item) => [idOf(item), item]));

  for (const { policyId, error } of findings) {
    const item = asked.get(policyId);
    // A template that is only here for its links is reported where it is validated itself.
    if (item !== undefined) reportFinding(item, error, code, state);
  }
}

function reportFinding(item: Item, error: DetailedError, code: ProblemCode, state: State): void {
  const id = idOf(item);
  const message = error.message.startsWith(`for policy \`${id}\`, `)
    ? error.message.slice(`for policy \`${id}\`, `.length)
    : error.message;
  const finding = FINDINGS.find(({ begins }) => message.startsWith(begins))?.code;
  if (finding !== undefined && state.allowances.allows(finding, id)) return;

  const options = {
    severity: finding === undefined && code === 'policy_warning' ? 'warning' : 'error',
    policyId: id,
    help:
      finding === undefined
        ? helpOf(error)
        : `allow it by {finding: ${finding}, policy: ${id}} in allow_findings`,
  } as const;
  if ('link' in item) {
    state.problems.of(LINKS_PATH, finding ?? code, `${id}: ${message}`, options);
    return;
  }

  const { policy } = item;
  const span = spanOfError(error, policy.text, policy.offset) ?? headOf(policy);
  state.problems.at(policy.source, span, finding ?? code, message, options);
}

/** Cedar takes each policy alone, but not this one: it trapped, or Cedar refuses it only as part of a set. */
function reportRefused(item: Item, errors: readonly DetailedError[], state: State): void {
  if (errors.length === 0) {
    const id = idOf(item);
    const message = 'Cedar cannot validate this policy: it is too deep';
    if ('policy' in item) {
      state.problems.at(item.policy.source, headOf(item.policy), 'policy_traps', message, { policyId: id });
    } else state.problems.of(LINKS_PATH, 'policy_traps', `${id}: ${message}`, { policyId: id });
  }

  for (const error of errors) reportFinding(item, error, 'policy_invalid', state);
}

function idOf(item: Item): string {
  return 'policy' in item ? item.policy.id : item.link.id;
}
