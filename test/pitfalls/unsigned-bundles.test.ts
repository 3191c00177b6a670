import { beforeAll, describe, expect, test } from 'vitest';
import { signStatement } from '../../services/bundles/signature/jws.ts';
import type { SigningKey } from '../../services/bundles/signature/keys.ts';
import type { Statement } from '../../services/bundles/signature/statement.ts';
import { ADMINISTRATIVE_ROLES } from '../../services/store/credentials.ts';
import { newKey } from '../bundles/signature/craft.ts';
import { activate, administer, createCredential, pushBundle, uniqueName } from '../support/shared-store.ts';
import { ASKED, OPEN_DOOR } from './support/open-door.ts';
import { filesOf, TRANSPORTS, usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall(OPEN_DOOR);
const [ada, grace, mallory] = [newKey(), newKey(), newKey()];
const NAMES = { first: '', second: uniqueName('second') };
let second = '';
/** As another admin of the store. */
let proposer: Parameters<typeof administer>[0];
let colleague: Parameters<typeof administer>[0];

const requirement = () => `/v1/stores/${pitfall.current.store}/signature-requirement`;
const wanted = (keys: readonly SigningKey[], threshold: number) => ({
  threshold,
  keys: keys.map(({ x }) => ({ kty: 'OKP', crv: 'Ed25519', x })),
});

function sign(key: SigningKey, digest: string, bundle: string, changes: Partial<Statement> = {}): string {
  const now = Math.floor(Date.now() / 1_000);
  const statement = { digest, bundle, store: pitfall.current.store, issuedAt: now, expiresAt: now + 86_400 };

  return signStatement({ ...statement, ...changes }, key);
}

const push = (digest: string, signature: string, as = colleague) =>
  administer(as, 'POST', `/v1/bundles/${digest}/signatures`, { signature });

async function propose(keys: readonly SigningKey[], threshold: number): Promise<string> {
  const { body } = await administer(proposer, 'POST', `${requirement()}/proposals`, wanted(keys, threshold));

  return `${requirement()}/proposals/${body['id']}`;
}

beforeAll(async () => {
  const { world, digest, store } = pitfall.current;
  const person = async (name: string) => ({
    addresses: world.addresses,
    adminToken: await createCredential(world, { name, stores: [store], roles: ADMINISTRATIVE_ROLES }),
  });
  [proposer, colleague] = [await person(uniqueName('proposer')), await person(uniqueName('colleague'))];
  NAMES.first = String((await administer(world, 'GET', `/v1/bundles/${digest}`)).body['name']);
  second = String((await pushBundle(world, filesOf(OPEN_DOOR, NAMES.second))).body['digest']);
});

describe('requiring signatures', () => {
  test('is refused while what runs has none, since nothing could load it again', async () => {
    const { world } = pitfall.current;
    const proposed = await administer(world, 'POST', `${requirement()}/proposals`, wanted([ada, grace], 2));

    expect(proposed).toMatchObject({ status: 412, body: { code: 'precondition_failed' } });
  });

  test('takes another person than whoever proposes it', async () => {
    const { world, digest } = pitfall.current;
    for (const key of [ada, grace]) {
      expect(await push(digest, sign(key, digest, NAMES.first))).toMatchObject({ status: 201 });
    }
    const proposal = await propose([ada, grace], 2);

    expect(await administer(proposer, 'POST', `${proposal}/approve`)).toMatchObject({
      status: 403,
      body: { code: 'permission_denied' },
    });
    expect(await administer(world, 'GET', requirement())).toMatchObject({
      body: {
        threshold: 0n,
        proposals: [{ threshold: 2n, proposed_by: expect.stringMatching(/^proposer-/) }],
      },
    });
    expect(await administer(colleague, 'POST', `${proposal}/approve`)).toMatchObject({ status: 200 });
    expect(await administer(colleague, 'POST', `${proposal}/approve`)).toMatchObject({ status: 409 });
    expect(await administer(world, 'GET', requirement())).toMatchObject({
      body: {
        ...{ sequence: 1n, threshold: 2n, proposed_by: expect.stringMatching(/^proposer-/), proposals: [] },
        keys: [{ kid: ada.id }, { kid: grace.id }],
        bundles: [{ digest, satisfied: true, missing: [] }],
      },
    });
  });
});

describe('once signatures are required', () => {
  test('none of one person’s, another’s or the wrong ones deploys a bundle, and the refusal says how to', async () => {
    const { world, store } = pitfall.current;
    expect(await activate(world, store, second)).toMatchObject({ status: 412 });
    await push(second, sign(ada, second, NAMES.second));
    await push(second, sign(ada, second, NAMES.second, { expiresAt: 4_000_000_000 }));
    await push(second, sign(mallory, second, NAMES.second));

    const { status, body } = await activate(world, store, second);
    expect(status).toBe(412);
    expect(body['detail']).toContain(
      `2 of 2 keys, and ${NAMES.second} (${second}) has 1. Missing: ${grace.id}.`,
    );
    expect(body['detail']).toContain('palisade bundle sign');
  });

  test.each<readonly [what: string, text: () => string, status: number]>([
    [
      'of another key under a required name',
      () => sign({ ...mallory, id: grace.id }, second, NAMES.second),
      412,
    ],
    ['of another digest', () => sign(grace, pitfall.current.digest, NAMES.first), 412],
    ['of another name', () => sign(grace, second, NAMES.first), 412],
    ['for another store', () => sign(grace, second, NAMES.second, { store: 'default' }), 404],
    ['that expired', () => sign(grace, second, NAMES.second, { issuedAt: 1, expiresAt: 2 }), 412],
    [
      'of a clock an hour ahead',
      () => sign(grace, second, NAMES.second, { issuedAt: Math.floor(Date.now() / 1_000) + 3_600 }),
      412,
    ],
    ['that is none', () => 'e30.e30.e30', 400],
    ['that is too long', () => 'e30.'.repeat(1_000), 413],
  ])('a signature %s is not even kept', async (_what, text, status) => {
    const { world, store } = pitfall.current;

    expect(await push(second, text())).toMatchObject({ status });
    expect(await activate(world, store, second)).toMatchObject({ status: 412 });
  });

  test('the signatures of a bundle are listed with what each is worth, store by store', async () => {
    const { world } = pitfall.current;
    const list = async (as: Parameters<typeof administer>[0]) =>
      (await administer(as, 'GET', `/v1/bundles/${second}/signatures`)).body['signatures'] as {
        readonly state: string;
      }[];

    expect((await list(colleague)).map(({ state }) => state)).toEqual(['unknown_key', 'valid', 'valid']);
    const adminToken = await createCredential(world, { stores: ['default'], roles: ADMINISTRATIVE_ROLES });
    expect(await list({ addresses: world.addresses, adminToken })).toEqual([]);
  });

  test('one person cannot lower, change or end that', async () => {
    const { world } = pitfall.current;
    for (const [keys, threshold] of [
      [[ada, grace], 1],
      [[], 0],
    ] as const) {
      const proposal = await propose(keys, threshold);

      expect(await administer(proposer, 'POST', `${proposal}/approve`)).toMatchObject({ status: 403 });
      expect(await administer(world, 'POST', `${proposal}/reject`)).toMatchObject({ status: 200 });
      expect(await administer(colleague, 'POST', `${proposal}/approve`)).toMatchObject({ status: 409 });
    }
    expect(await administer(world, 'GET', requirement())).toMatchObject({
      body: { sequence: 1n, threshold: 2n },
    });
  });

  test('the credential of a runtime signs, lists, proposes and approves nothing', async () => {
    const { world, token } = pitfall.current;
    const runtime = { addresses: world.addresses, adminToken: token };

    for (const answer of [
      push(second, sign(grace, second, NAMES.second), runtime),
      administer(runtime, 'GET', `/v1/bundles/${second}/signatures`),
      administer(runtime, 'GET', requirement()),
      administer(runtime, 'POST', `${requirement()}/proposals`, wanted([], 0)),
      administer(runtime, 'POST', `${requirement()}/proposals/x/approve`),
    ]) {
      expect(await answer).toMatchObject({ status: 403 });
    }
  });

  test.each(TRANSPORTS)('what is enforced is still what was, over %s', async (transport) => {
    const { digest, ask } = pitfall.current;

    expect(await ask(transport, ASKED)).toMatchObject({ decision: 'allow', bundle: { digest } });
  });

  test('a bundle with all of them is deployed', async () => {
    const { world, store, ask } = pitfall.current;
    expect(await push(second, sign(grace, second, NAMES.second))).toMatchObject({ status: 201 });

    expect(await activate(world, store, second)).toMatchObject({ status: 200 });
    expect(await ask('rest', ASKED)).toMatchObject({ bundle: { digest: second } });
  });
});
