import { beforeAll, expect, test, vi } from 'vitest';
import { writeArchive } from '../../services/bundles/archive.ts';
import { parseExactJson } from '../../services/ledger/json.ts';
import type { EntityChange } from '../../services/store/write-entities.ts';
import { storeBundle } from '../bundles/stored/store-bundle.ts';
import { team, user } from '../pdp/entities/support/write.ts';
import { verifyLog } from '../soak/replay/verify.ts';
import { deployArchive, type ServerProcess } from '../support/server.ts';
import { administer, pushBundle } from '../support/shared-store.ts';
import { useWorld } from '../support/use-world.ts';
import { metricsOf } from '../telemetry/support/observed.ts';

/** Both judge every decision again, by Cedar. */
const ALL_VERIFIED = { PALISADE_VERIFY_SAMPLE: '1' };
const PATIENT_MS = 30_000;
/** A second, on a busy machine. */
const SOON_MS = 5_000;
const world = useWorld(async (made) => ({
  ...made,
  servers: await Promise.all([made.serve(ALL_VERIFIED), made.serve(ALL_VERIFIED)]),
}));
let asked = 0;

beforeAll(async () => {
  const [first] = world().servers;
  await deployArchive(world(), first?.addresses.admin ?? '', writeArchive(storeBundle()));
});

interface Answer {
  readonly status: number;
  readonly decision: string | undefined;
  readonly reason_code: string | undefined;
  readonly state_sequence: bigint | undefined;
  readonly code: string | undefined;
}

/** Asks whether a user may read, by a state that is not before the given one. */
async function ask({ addresses }: ServerProcess, id: string, atLeast: bigint): Promise<Answer> {
  asked += 1;
  const response = await fetch(`http://${addresses.rest}/v1/authorize`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world().runtimeToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      principal: { type: 'User', id },
      action: { type: 'Action', id: 'read' },
      resource: { type: 'Doc', id: 'd' },
      entities: [{ uid: { type: 'Doc', id: 'd' }, attrs: { public: true }, parents: [] }],
      at_least_sequence: Number(atLeast),
    }),
  });
  const body = parseExactJson(await response.text()) as unknown as Omit<Answer, 'status'>;

  return { ...body, status: response.status };
}

/** Writes through the first process, as one state; gives its sequence. */
async function write(...changes: readonly EntityChange[]): Promise<bigint> {
  const [first] = world().servers;
  if (first === undefined) throw new Error('there is no server');
  const entities = changes.map(({ document }) => ({ put: JSON.parse(document ?? 'null') }));
  const admin = { addresses: first.addresses, adminToken: world().adminToken };
  const { status, body } = await administer(admin, 'POST', '/v1/stores/default/entities', { entities });
  if (status !== 200) throw new Error(`the entities were not written: ${body['detail']}`);

  return body['sequence'] as bigint;
}

/** What both servers answer to the same question. */
function askBoth(id: string, atLeast: bigint): Promise<readonly Answer[]> {
  return Promise.all(world().servers.map((server) => ask(server, id, atLeast)));
}

test('what is written is decided by on every process, by a candidate and by Cedar alike, and replays as it was', async () => {
  const { servers } = world();
  const [first, second] = servers;
  if (first === undefined || second === undefined) throw new Error('there are no servers');

  // Who is not in the store is no principal.
  expect(await askBoth('a', 1n)).toMatchObject([{ code: 'invalid_request' }, { code: 'invalid_request' }]);
  const sequences = [1n];
  for (const [org, level, expected] of [
    ['good', 1, 'permitted'],
    ['evil', 1, 'forbidden'],
    ['good', 9, 'forbidden'],
    ['good', 2, 'permitted'],
  ] as const) {
    const sequence = await write(team('writers', org), user('a', level, 'writers'));
    sequences.push(sequence);
    for (const answer of await askBoth('a', sequence)) {
      expect(answer).toMatchObject({ status: 200, reason_code: expected, state_sequence: sequence });
    }
  }
  expect(sequences).toEqual([1n, 2n, 3n, 4n, 5n]);

  // A candidate that thinks otherwise of teams, beside it: it reads the same state.
  const shadow = storeBundle({
    'bundle.yaml': String(storeBundle().get('bundle.yaml')).replace('1.0.0', '1.1.0'),
    'more.cedar': '@id("no-writers") forbid(principal in Team::"writers", action, resource);',
    'tests/view.yaml': undefined,
  });
  const admin = { addresses: first.addresses, adminToken: world().adminToken };
  const { body: pushed } = await pushBundle(admin, shadow);
  const staged = await administer(admin, 'POST', '/v1/stores/default/deployment/shadow', {
    digest: String(pushed['digest']),
  });
  expect(staged).toMatchObject({ status: 200, body: { state_sequence: 6n, sequence: 2n } });
  const before = asked;
  for (let count = 0; count < 5; count += 1) await askBoth('a', 6n);
  await vi.waitFor(async () => {
    const { body } = await administer(admin, 'GET', '/v1/stores/default/deployment');
    expect(body).toMatchObject({
      figures: { shadow: { compared: BigInt(asked - before), flips: BigInt(asked - before) } },
    });
  }, PATIENT_MS);

  // All that was decided, by Cedar as well.
  await vi.waitFor(async () => {
    const counted = await Promise.all(servers.map(metricsOf));
    const sum = (name: string): number =>
      counted.reduce((total, text) => total + Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1]), 0);
    expect(sum('palisade_evaluator_verified_total')).toBe(asked - 2);
    expect(sum('palisade_evaluator_unverified_total')).toBe(0);
  }, PATIENT_MS);

  await vi.waitFor(async () => {
    expect(await verifyLog(world(), second)).toMatchObject({
      code: 0,
      differing: 0,
      replayed: asked - 2,
      unreplayed: { not_decided: 2 },
    });
  }, PATIENT_MS);
});

test('what is written is decided by on another process soon after, without waiting for it', async () => {
  const { servers } = world();
  const [, second] = servers;
  if (second === undefined) throw new Error('there is no second server');
  await write(team('late', 'good'), user('late', 1, 'late'));

  await vi.waitFor(async () => {
    expect(await ask(second, 'late', 0n)).toMatchObject({ reason_code: 'not_permitted' });
  }, SOON_MS);
});
