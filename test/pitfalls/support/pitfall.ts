import { afterAll, beforeAll } from 'vitest';
import type { BundleFiles } from '../../../services/bundles/files.ts';
import type { AuthorizeRequest } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizeRequest.ts';
import { createDecisionClient, type DecisionClient, type Outcome } from '../../support/decision-client.ts';
import { grpcMessage, type Question, restBody } from '../../support/question.ts';
import {
  createCredential,
  createStore,
  deploy,
  pushBundle,
  recordOf,
  uniqueName,
  type WantedCredential,
} from '../../support/shared-store.ts';
import { type SharedWorld, sharedWorld } from '../../support/shared-world.ts';

/** The parts of a bundle that a pitfall is about; the manifest around them is always the same. */
export interface BundleText {
  /** Absent: the bundle has none. */
  readonly schema?: string;
  readonly policies: string;
  /** Of types that do not come from the bundle. */
  readonly sources?: Readonly<Record<string, 'request'>>;
  readonly entities?: readonly unknown[];
  readonly links?: readonly unknown[];
  /** More lines of bundle.yaml. */
  readonly manifest?: string;
}

export const TRANSPORTS = ['grpc', 'rest'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** A policy store of its own on the run's server, which runs the bundle of one pitfall. */
export interface Pitfall {
  readonly world: SharedWorld;
  readonly store: string;
  readonly digest: string;
  /** Of the credential that asks: for this store alone, with full detail. */
  readonly token: string;
  readonly client: DecisionClient;
  /** Asks in JSON, which gRPC carries as text. */
  ask(transport: Transport, question: Question): Promise<Outcome>;
  /** Asks in typed values, which only gRPC has. */
  askTyped(question: Question, values: Pick<AuthorizeRequest, 'context' | 'entities'>): Promise<Outcome>;
  /** The record that a call left. */
  record(outcome: Outcome): Promise<Readonly<Record<string, unknown>>>;
}

/** Deploys the bundle before the tests of this file; what it gives is there when they run. */
export function usePitfall(
  bundle: BundleText,
  credential: Partial<WantedCredential> = {},
): { readonly current: Pitfall } {
  let opened: Pitfall | undefined;
  beforeAll(async () => {
    opened = await openPitfall(bundle, credential);
  });
  afterAll(() => opened?.client.close());

  return {
    get current() {
      if (opened === undefined) throw new Error('a pitfall is there when tests run, not before');

      return opened;
    },
  };
}

/** Uploads a bundle that is to be refused; gives the codes of what is wrong with it, none where it was taken. */
export async function refusalOf(bundle: BundleText): Promise<readonly string[]> {
  const { status, body } = await pushBundle(await sharedWorld(), filesOf(bundle));
  if (status < 300) return [];
  const problems = body['problems'] as readonly { readonly code: string; readonly severity: string }[];

  return problems.filter(({ severity }) => severity === 'error').map(({ code }) => code);
}

/** @param name of the bundle; one of its own where absent. */
export function filesOf(
  { schema, policies, sources = {}, entities, links, manifest = '' }: BundleText,
  name = uniqueName('pitfall'),
): BundleFiles {
  const files: Record<string, string | undefined> = {
    'bundle.yaml': `format_version: 1
name: ${name}
version: 1.0.0
description: The smallest bundle that shows a pitfall
owners: [platform-security]
entity_sources: ${JSON.stringify(sources)}
${manifest}`,
    'schema.cedarschema': schema,
    'policies.cedar': policies,
    'entities.json': entities && JSON.stringify(entities),
    'links.json': links && JSON.stringify(links),
  };

  return new Map(
    Object.entries(files).flatMap(([path, text]) => (text === undefined ? [] : [[path, Buffer.from(text)]])),
  );
}

async function openPitfall(bundle: BundleText, wanted: Partial<WantedCredential>): Promise<Pitfall> {
  const world = await sharedWorld();
  const store = uniqueName('pitfall');
  await createStore(world, store);
  const token = await createCredential(world, { stores: [store], full_detail: true, ...wanted });
  const digest = await deploy(world, store, filesOf(bundle));
  const client = createDecisionClient(world.addresses, token);

  return {
    world,
    store,
    digest,
    token,
    client,
    ask: (transport, question) =>
      transport === 'grpc' ? client.grpc(grpcMessage(question)) : client.rest(restBody(question)),
    askTyped: (question, values) => client.grpc({ ...grpcMessage(question), ...values }),
    record: (outcome) => recordOf(world, outcome),
  };
}
