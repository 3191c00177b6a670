import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { writeArchive } from '../../services/bundles/archive.ts';
import { bundleDigest } from '../../services/bundles/digest.ts';
import type { AdminContext } from '../../services/pdp/admin/context.ts';
import { allRoutes } from '../../services/pdp/admin/server.ts';
import { ADMINISTRATIVE_ROLES, type Role } from '../../services/store/credentials.ts';
import { createPool, query } from '../../services/store/pool.ts';
import { useWorld } from '../support/use-world.ts';
import { bundleFiles } from './support/bundle.ts';
import { prepareAccess } from './support/credentials.ts';
import { FOREIGN_CASES, type ForeignCase, type Names } from './support/foreign-cases.ts';
import { call, furnish, likeIt, QUESTION, signed } from './support/foreign-store.ts';
import { ask, GRPC_METHODS, withGrpc } from './support/grpc.ts';
import type { HttpAnswer } from './support/http.ts';

// The routes are only made here, never called, so what they work on may be absent.
const ROUTES = allRoutes({} as AdminContext).map(({ method, path }) => `${method.toUpperCase()} ${path}`);
const NAMING = (route: string) => (FOREIGN_CASES[route] ?? []).filter(({ lists }) => lists !== true);
const LISTING = (route: string) => (FOREIGN_CASES[route] ?? []).filter(({ lists }) => lists === true);
/** All of them, and each alone: whether it is denied must not tell either. */
const HOLDERS = [[...ADMINISTRATIVE_ROLES], ...ADMINISTRATIVE_ROLES.map((role) => [role])];
/** A store with something of everything, and credentials of `other` that look for it. */
const world = useWorld(async (server) => {
  const access = await prepareAccess(server);
  const tokens = new Map<string, string>();
  for (const roles of HOLDERS) {
    const name = `outsider-${roles.join('-')}`;
    tokens.set(roles.join(), await server.credential({ name, roles: roles as Role[], stores: ['other'] }));
  }
  const own = bundleDigest(bundleFiles('1.0.0'));
  const foreign = await furnish(server, access);

  return { access, tokens, own, foreign: signed(foreign, own), absent: signed(likeIt(foreign), own) };
});

function filled<T>(template: T, names: Names): T {
  const all: Readonly<Record<string, string>> = { ...names, own: world().own };

  return JSON.parse(
    JSON.stringify(template).replaceAll(/\{(\w+)\}/g, (_, name: string) => String(all[name])),
  ) as T;
}

function asked(
  holder: readonly string[],
  route: string,
  one: ForeignCase,
  names: Names,
): Promise<HttpAnswer> {
  const { path, body, archive } = filled(one, names);
  const [method = ''] = route.split(' ');
  const { access, tokens } = world();
  const sent = archive === true ? writeArchive(bundleFiles('8.0.0')) : body;

  return call(access.server.addresses.admin, `Bearer ${tokens.get(holder.join())}`, method, path, sent);
}

/** All that is told, with the names of what is absent for those of what is there. */
function told({ status, headers, text }: HttpAnswer, names: Names): string {
  // Whether the body had arrived when the answer left decides whether the connection goes on.
  const { date: _date, connection: _connection, ...telling } = headers;
  let shown = JSON.stringify([status, telling, text]);
  for (const [name, value] of Object.entries(names)) shown = shown.replaceAll(value, `{${name}}`);

  return shown;
}

/** Everything that administration keeps, but for the log and what processes say of themselves. */
async function kept(): Promise<string> {
  const pool = createPool({ connection: world().access.world.database.ownerUrl, max: 1 });
  try {
    const tables = await query<{ name: string }>(
      pool,
      `select tablename as name from pg_tables
       where schemaname = 'public' and tablename !~ '^(decision|refused_records|replicas|candidate_figures)' order by 1`,
    );
    const texts: string[] = [];
    for (const { name } of tables) {
      const [row] = await query<{ text: string }>(
        pool,
        `select coalesce(string_agg(t::text, ';' order by t::text), '') as text from "${name}" t`,
      );
      texts.push(`${name}: ${row?.text}`);
    }

    return createHash('sha256').update(texts.join('\n')).digest('hex');
  } finally {
    await pool.end();
  }
}

test('every administrative call has its case, and every case its call', () => {
  expect(Object.keys(FOREIGN_CASES).toSorted()).toEqual(ROUTES.toSorted());
  for (const route of ROUTES.filter((one) => /:(store|id|digest)/.test(one))) {
    expect(NAMING(route), route).not.toEqual([]);
  }
});

// First, because later the log holds what an outsider has asked for by name.
test.each(ROUTES.filter((route) => LISTING(route).length > 0))(
  '%s lists nothing of another store',
  async (route) => {
    for (const one of LISTING(route)) {
      const { foreign, absent } = world();
      const { status, text } = await asked(HOLDERS[0] ?? [], route, one, foreign);
      const hidden = Object.values(foreign).filter((name) => text.includes(name));

      expect({ path: one.path, status, hidden }).toEqual({ path: one.path, status: 200, hidden: [] });
      expect((await asked(HOLDERS[0] ?? [], route, one, absent)).status).toBe(200);
    }
  },
);

describe.each(ROUTES.filter((route) => NAMING(route).length > 0))('%s', (route) => {
  test('answers of another store as of nothing, whatever the role, and does nothing', async () => {
    const before = await kept();
    for (const one of NAMING(route)) {
      for (const holder of HOLDERS) {
        const { foreign, absent } = world();
        const there = await asked(holder, route, one, foreign);
        const nothing = await asked(holder, route, one, absent);

        expect(told(there, foreign), `${holder} ${one.path}`).toBe(told(nothing, absent));
        expect([400, 403, 404], `${holder} ${one.path}: ${there.text}`).toContain(there.status);
        if (holder.length > 1) {
          expect(there.status === 403, `${one.path}: ${there.text}`).toBe(one.denied === true);
        }
      }
    }

    expect(await kept()).toBe(before);
  });
});

test('nobody writes into the log of another store', async () => {
  const pool = createPool({ connection: world().access.world.database.ownerUrl, max: 1 });
  try {
    const mine = () =>
      query<{ store: string | null }>(
        pool,
        `select distinct store from decisions where subject like 'outsider%' or subject = 'other-store' order by 1`,
      );
    await expect.poll(async () => (await mine()).length).toBeGreaterThan(1);

    expect((await mine()).map(({ store }) => store)).toEqual(['other', null]);
  } finally {
    await pool.end();
  }
});

test('health tells nothing of stores', async () => {
  const { access, foreign } = world();
  for (const path of ['/livez', '/readyz']) {
    const { text } = await call(access.server.addresses.admin, '', 'GET', path);

    for (const name of Object.values(foreign)) expect(text).not.toContain(name);
  }
});

describe('a decision in another store', () => {
  const QUESTIONS = [
    { policy_store: '{store}' },
    { policy_store: '{store}', expected_bundle_digest: '{digest}' },
    { policy_store: '{store}', at_least_sequence: 1 },
    { policy_store: '{store}', at_least_sequence: 1_000_000 },
  ];

  test.each(QUESTIONS)('%o is refused over REST as in one that is not there', async (members) => {
    for (const path of ['/v1/authorize', '/v1/authorize/batch']) {
      const answers: string[] = [];
      for (const names of [world().foreign, world().absent]) {
        const question = { ...QUESTION, ...filled(members, names) };
        const { access } = world();
        answers.push(
          told(
            await call(
              access.server.addresses.rest,
              access.otherStore,
              'POST',
              path,
              path.endsWith('batch') ? { requests: [question] } : question,
            ),
            names,
          ),
        );
      }

      expect(answers[0], path).toBe(answers[1]);
      expect(answers[0], path).toContain('permission_denied');
    }
  });

  test.each(GRPC_METHODS)('is refused by %s as in one that is not there', async (method) => {
    const { access, foreign, absent } = world();
    await withGrpc(access.server.addresses.grpc, async (client) => {
      for (const members of QUESTIONS) {
        const outcomes: string[] = [];
        for (const names of [foreign, absent]) {
          const { at_least_sequence = 0, ...rest } = filled(members, names);
          const request = { ...QUESTION, ...rest, at_least_sequence: String(at_least_sequence) };
          outcomes.push(await ask(client, method, request, access.otherStore));
        }

        expect(outcomes[0]).toBe(outcomes[1]);
        expect(['permission_denied', 'status 7']).toContain(outcomes[0]);
      }
    });
  });
});
