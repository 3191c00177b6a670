import type { BundleFiles } from '../../../services/bundles/files.ts';

const MANIFEST = (version: string): string => `format_version: 1
name: replayed
version: ${version}
description: Agents of several teams read, write and pay for documents
owners: [tests]
entity_sources: { Agent: request, Team: request, Folder: request, Doc: request }
record: { allow: [input.label] }
`;

const SCHEMA = `entity Team;
entity Agent in [Team] = { level: Long, skills: Set<String>, manager?: Agent };
entity Folder in [Folder];
entity Doc in [Folder] = { owner: Agent, level: Long, labels?: Set<String> } tags String;
type Input = { label: String, size: Long, times?: Long, price?: decimal, from?: ipaddr };
action read, write appliesTo { principal: Agent, resource: Doc, context: { input: Input } };
action pay appliesTo { principal: Agent, resource: Doc, context: { input: Input, pdp: { now: datetime } } };
`;

const READERS = `@id("readers")
permit(principal in Team::"red", action == Action::"read", resource in Folder::"root")
when { principal.level >= resource.level };
`;
const WRITERS = `@id("owners")
permit(principal, action in [Action::"read", Action::"write"], resource)
when { resource.owner == principal || (principal has manager && resource.owner == principal.manager) };
`;
/** Fails for many times of a large size. */
const PAYERS = `@id("small-payments")
permit(principal in Team::"blue", action == Action::"pay", resource)
when { context.input has times && context.input.size * context.input.times < 1000 && context.pdp.now > datetime("2020-01-01") };
`;
const SECRETS = `@id("no-secrets")
@code("secret_data")
@reason("The label says that it is secret.")
forbid(principal, action, resource)
when { context.input.label like "*secret*" || (resource has labels && resource.labels.contains("secret")) };
`;
/** Fails for the largest sizes. */
const SUMS = `@id("no-large-sums")
forbid(principal, action in [Action::"write", Action::"pay"], resource)
when { context.input.size * 3 > 100000 };
`;
const NETWORK = `@id("own-network")
forbid(principal, action == Action::"pay", resource)
unless { context.input has from && context.input.from.isInRange(ip("10.0.0.0/8")) };
`;
const PRICES = `@id("no-high-prices")
forbid(principal, action, resource)
when { context.input has price && context.input.price.greaterThan(decimal("99.5")) };
`;
const TAGS = `@id("held-back")
forbid(principal, action == Action::"read", resource)
when { resource.hasTag("state") && resource.getTag("state") == "draft" };
`;

/** One line of bundles, each with other policies: what is active first, then, and what becomes a canary of that. */
export const LINE: readonly [BundleFiles, BundleFiles, BundleFiles] = [
  bundle('1.0.0', READERS + WRITERS + PAYERS + SUMS),
  bundle('1.1.0', READERS + WRITERS + PAYERS + SUMS + SECRETS + NETWORK),
  bundle('2.0.0', READERS + PAYERS + SECRETS + SUMS + NETWORK + PRICES + TAGS),
];

function bundle(version: string, policies: string): BundleFiles {
  const texts = {
    'bundle.yaml': MANIFEST(version),
    'schema.cedarschema': SCHEMA,
    'policies.cedar': policies,
  };

  return new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
}
