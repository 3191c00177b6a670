import { bundleFiles, type Question, type Workload } from '../question.ts';

const SECTIONS = ['actor', 'device', 'network', 'change', 'target'] as const;

interface Section {
  readonly name: string;
  readonly zone: string;
  readonly size: number;
  readonly count: number;
  readonly managed: boolean;
  readonly labels: readonly string[];
  readonly origin: { readonly host: string; readonly port: number };
}

type Sections = Readonly<Record<(typeof SECTIONS)[number], Section>>;

/**
 * Requests with a context of 50 keys on three levels: five records of seven keys, one of them a record of two. Ten policies, all
 * selected.
 */
export function contextWorkload(): Workload {
  return {
    files: bundleFiles({
      'bundle.yaml': MANIFEST,
      'schema.cedarschema': SCHEMA,
      'policies.cedar': POLICIES,
    }),
    question,
  };
}

function question(index: number): Question {
  const context = Object.fromEntries(
    SECTIONS.map((name, at) => [name, section(name, index + 3 * at)]),
  ) as Sections;

  return {
    principal: { type: 'Agent', id: `a${index}` },
    action: { type: 'Action', id: 'run' },
    resource: { type: 'Job', id: `j${index}` },
    context: JSON.stringify(context),
    entities: '[]',
    want: isAllowed(context) ? 'allow' : 'deny',
  };
}

function section(name: string, seed: number): Section {
  return {
    name: `${name}-${seed}`,
    zone: seed % 3 === 0 ? 'inner' : 'outer',
    size: 37 * seed,
    count: seed % 8,
    managed: seed % 5 !== 0,
    labels: [`batch-${seed % 4}`, seed % 10 === 7 ? 'secret' : 'plain'],
    origin: { host: `host-${seed % 6}.example`, port: 8_000 + (seed % 5) },
  };
}

/** What {@link POLICIES} say, in plain code. */
function isAllowed({ actor, device, network, change, target }: Sections): boolean {
  const refused =
    change.labels.includes('secret') ||
    !device.managed ||
    network.origin.port === 8_004 ||
    target.size > 1_000_000 ||
    actor.name === target.name;
  const permitted =
    actor.zone === target.zone ||
    (change.count < 3 && change.zone === 'inner') ||
    actor.labels.includes('batch-2') ||
    network.origin.host.startsWith('host-1') ||
    (device.count > 6 && device.size <= target.size);

  return permitted && !refused;
}

const MANIFEST = `format_version: 1
name: bench-context
version: 1.0.0
description: Requests with a large context
owners: [bench]
entity_sources: { Agent: request, Job: request }
`;

const SCHEMA = `type Section = {
  name: String, zone: String, size: Long, count: Long, managed: Bool, labels: Set<String>,
  origin: { host: String, port: Long }
};
entity Agent;
entity Job;
action run appliesTo { principal: Agent, resource: Job, context: {
  ${SECTIONS.map((name) => `${name}: Section`).join(', ')}
} };
`;

const POLICIES = `
@id("zone") permit(principal, action == Action::"run", resource) when { context.actor.zone == context.target.zone };
@id("small") permit(principal, action == Action::"run", resource) when { context.change.count < 3 && context.change.zone == "inner" };
@id("batch") permit(principal, action == Action::"run", resource) when { context.actor.labels.contains("batch-2") };
@id("host") permit(principal, action == Action::"run", resource) when { context.network.origin.host like "host-1*" };
@id("large") permit(principal, action == Action::"run", resource) when { context.device.count > 6 && context.device.size <= context.target.size };
@id("secret") forbid(principal, action == Action::"run", resource) when { context.change.labels.contains("secret") };
@id("unmanaged") forbid(principal, action == Action::"run", resource) unless { context.device.managed };
@id("port") forbid(principal, action == Action::"run", resource) when { context.network.origin.port == 8004 };
@id("huge") forbid(principal, action == Action::"run", resource) when { context.target.size > 1000000 };
@id("same") forbid(principal, action == Action::"run", resource) when { context.actor.name == context.target.name };
`;
