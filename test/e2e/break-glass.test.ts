import { expect, test, vi } from 'vitest';
import {
  ask,
  asOlga,
  cli,
  close,
  cutOff,
  DEPLOY,
  endIn,
  events,
  FAY,
  owner,
  recordsUnder,
  run,
  sequenceOf,
  three,
  tokenOf,
  WAIT,
  WANTED,
} from './support/glass-world.ts';
import type { Replica } from './support/three-replicas.ts';

test('opens for one principal and one action on every replica, and only for policies that know of it', async () => {
  const opened = await asOlga('POST', '', WANTED);
  expect(opened).toMatchObject({
    status: 201,
    body: { open: true, opened_by: 'olga', affects: DEPLOY, ticket: 'INC-7' },
  });
  const since = sequenceOf(opened.body['state_sequence']);

  for (const replica of three().replicas) {
    for (const by of ['rest', 'grpc'] as const) {
      expect(await ask(replica, by, 'fay', 'deploy', since)).toMatchObject({ decision: 'allow' });
      // On the way of what depends on the state in PostgreSQL as well.
      const keyed = { idempotency_key: `${three().replicas.indexOf(replica)} ${by}` };
      expect(await ask(replica, by, 'fay', 'deploy', since, keyed)).toMatchObject({ decision: 'allow' });
      expect(await ask(replica, by, 'bob', 'deploy', since)).toMatchObject({ reason_code: 'forbidden' });
      expect(await ask(replica, by, 'fay', 'restart', since)).toMatchObject({ reason_code: 'forbidden' });
      expect(await ask(replica, by, 'fay', 'open_vault', since)).toMatchObject({ reason_code: 'forbidden' });
      expect(await ask(replica, by, 'fay', 'read', since)).toMatchObject({ decision: 'allow' });
    }
  }

  const closed = await close(opened.body['id']);
  const over = sequenceOf(closed.body['closed_sequence']);
  expect(closed).toMatchObject({ status: 200, body: { open: false, closed_by: 'olga' } });
  expect(over).toBeGreaterThan(since);
  for (const replica of three().replicas) {
    expect(await ask(replica, 'grpc', 'fay', 'deploy', over)).toMatchObject({ reason_code: 'forbidden' });
  }
  expect(await close(opened.body['id'])).toMatchObject({ status: 409 });
  const [first] = three().replicas as readonly [Replica, Replica, Replica];
  const recordOf = (id: unknown) => first.admin('GET', `/v1/decisions/${String(id)}`);
  await vi.waitFor(async () => {
    const [opening, closing] = [
      await recordOf(opened.body['record_id']),
      await recordOf(closed.body['close_record_id']),
    ];
    const glass = { id: opened.body['id'], principal: FAY, actions: DEPLOY, ticket: 'INC-7' };
    expect(opening.body).toMatchObject({ kind: 'change', action: 'open_break_glass', author: 'olga', glass });
    expect(closing.body).toMatchObject({
      ...{ action: 'close_break_glass', author: 'olga', reason: 'it is over', glass },
    });
  }, WAIT);
});

test('records each decision under it as critical, sums them up, and tells those outside', async () => {
  events.length = 0;
  const opened = await asOlga('POST', '', WANTED);
  const id = String(opened.body['id']);
  const since = sequenceOf(opened.body['state_sequence']);
  const [first, second] = three().replicas as readonly [Replica, Replica, Replica];
  const allowed = await ask(first, 'grpc', 'fay', 'deploy', since);
  await ask(second, 'grpc', 'fay', 'deploy', since);
  await ask(second, 'rest', 'fay', 'deploy', since, { mode: 'check' });
  await ask(second, 'grpc', 'bob', 'deploy', since);
  await close(id);
  await vi.waitFor(async () => expect((await recordsUnder(id)).length).toBe(2), WAIT);

  expect(await recordsUnder(id)).toContainEqual(
    expect.objectContaining({
      decision_id: allowed['decision_id'],
      severity: 'critical',
      break_glass: id,
      facts: {
        breakGlass: {
          by: ['olga'],
          ticket: 'INC-7',
          until: { __extn: { fn: 'datetime', arg: expect.stringMatching(/^\d{4}-/) } },
        },
      },
    }),
  );
  const report = await asOlga('GET', `/${id}/report`);
  expect(report.body).toMatchObject({
    allowed: 2n,
    denied: 0n,
    actions: [{ action: DEPLOY[0], allowed: 2n, denied: 0n }],
  });
  expect(report.body['examples']).toContain(allowed['decision_id']);

  await vi.waitFor(() => {
    const told = events.filter(({ data }) => data['break_glass'] === id);
    expect(told.map(({ kind }) => kind).sort()).toEqual([
      'break_glass.closed',
      'break_glass.opened',
      'break_glass.used',
      'break_glass.used',
    ]);
  }, WAIT);
  const used = events.find(({ kind }) => kind === 'break_glass.used');
  expect(used?.data).toMatchObject({ allowed: 1, denied: 0, examples: [{ principal: FAY }] });

  const metrics = await (await fetch(`http://${first.server.addresses.admin}/metrics`)).text();
  expect(metrics).toMatch(
    /palisade_break_glass_decisions_total\{palisade_store="default",palisade_decision="allow"\} [1-9]/,
  );
  expect(metrics).toContain('palisade_break_glass_open{palisade_store="default"} 0');
});

test('takes two persons where changes of the store do, and one to close', async () => {
  const { world, replicas } = three();
  const [first] = replicas as readonly [Replica, Replica, Replica];
  await first.admin('PUT', '/v1/stores/default/two-person', { enabled: true });
  try {
    const asked = await cli(
      tokenOf('rita'),
      'open',
      'default',
      '--principal',
      'User::"fay"',
      '--scope',
      'all',
      '--reason',
      'r',
      '--ticket',
      'T-9',
      '--minutes',
      '3',
    );
    const proposal = /palisade deploy approve (\S+)/.exec(asked.stdout)?.[1] ?? '';
    expect(asked).toMatchObject({ code: 0 });
    expect(await ask(first, 'grpc', 'fay', 'deploy')).toMatchObject({ reason_code: 'forbidden' });

    const approve = (token: string) => run(token, 'deploy', 'approve', proposal);
    expect(await run(tokenOf('rita'), 'deploy', 'proposals')).toMatchObject({
      stdout: expect.stringContaining('break-glass for User::"fay", all actions, 3 minutes (T-9)'),
    });
    expect(await approve(tokenOf('rita'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('whoever proposed a change cannot approve it'),
    });
    expect(await approve(tokenOf('olga'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('approveProposal'),
    });
    const vera = await world.credential({ name: 'vera', roles: ['reviewer'] });
    await vi.waitFor(async () => expect(await approve(vera)).toMatchObject({ code: 0 }), WAIT);

    // The policy wants olga among those who opened it.
    expect(await ask(first, 'grpc', 'fay', 'deploy')).toMatchObject({ reason_code: 'forbidden' });
    const { body } = await asOlga('GET', '?open=true');
    const [glass] = body['break_glass'] as readonly Record<string, unknown>[];
    expect(glass).toMatchObject({ opened_by: 'rita', approved_by: 'vera', principal: FAY });
    expect(glass).not.toHaveProperty('actions');
    const listed = await cli(tokenOf('olga'), 'list', 'default', '--open');
    expect(listed.stdout).toMatch(/open +User::"fay" +all actions +\S+ +rita and vera +T-9/);
    const ended = await cli(tokenOf('olga'), 'close', 'default', String(glass?.['id']), '--reason', 'over');
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining('is closed') });
    const report = await cli(tokenOf('olga'), 'report', 'default', String(glass?.['id']));
    expect(report.stdout).toContain('Closed by olga: over');
  } finally {
    await owner.query('update stores set two_person = false');
  }
});

test('closed while decisions go on, nothing that begins afterwards is allowed on any replica', async () => {
  const { replicas } = three();
  const opened = await asOlga('POST', '', WANTED);
  const since = sequenceOf(opened.body['state_sequence']);
  for (const replica of replicas) await ask(replica, 'grpc', 'fay', 'deploy', since);
  const asked: { at: number; allowed: boolean }[] = [];
  let isOver = false;
  const loops = replicas.flatMap((replica) =>
    [1, 2, 3].map(async () => {
      while (!isOver) {
        const at = performance.now();
        const { decision } = await ask(replica, 'grpc', 'fay', 'deploy');
        asked.push({ at, allowed: decision === 'allow' });
      }
    }),
  );
  await vi.waitFor(() => expect(asked.filter(({ allowed }) => allowed).length).toBeGreaterThan(30), WAIT);
  const closed = await close(opened.body['id']);
  const closedAt = performance.now();
  const over = sequenceOf(closed.body['closed_sequence']);
  const atOnce = await Promise.all(replicas.map((replica) => ask(replica, 'rest', 'fay', 'deploy', over)));
  await vi.waitFor(() => expect(asked.at(-1)?.at).toBeGreaterThan(closedAt + 1_500), WAIT);
  isOver = true;
  await Promise.all(loops);

  expect(atOnce.map((one) => one['reason_code'])).toEqual(['forbidden', 'forbidden', 'forbidden']);
  expect(asked.filter(({ at, allowed }) => allowed && at > closedAt + 1_000)).toEqual([]);
  expect(asked.filter(({ at, allowed }) => !allowed && at < closedAt - 1_000)).toEqual([]);
});

test('leaves a log that is whole, and decisions that are decided again as they were', async () => {
  const admin = three().world.adminToken;
  await vi.waitFor(async () => {
    const verified = await run(admin, 'log', 'verify');
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('whole: no gap') });
  }, WAIT);
  const replayed = await run(admin, 'replay', '--store', 'default', '--verify', '--json');

  expect(replayed).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/"replayed":[1-9].*"differing":0/),
  });
});

test('ends by itself, and everybody is told', async () => {
  events.length = 0;
  const opened = await asOlga('POST', '', { ...WANTED, actions: 'all' });
  const id = String(opened.body['id']);
  const [, second] = three().replicas as readonly [Replica, Replica, Replica];
  const since = sequenceOf(opened.body['state_sequence']);
  expect(await ask(second, 'grpc', 'fay', 'restart', since)).toMatchObject({ decision: 'allow' });
  await endIn(id, '1 second');
  await vi.waitFor(
    async () => expect(await ask(second, 'grpc', 'fay', 'restart')).toMatchObject({ decision: 'deny' }),
    WAIT,
  );
  const told = () =>
    events.filter(({ kind, data }) => kind === 'break_glass.closed' && data['break_glass'] === id);
  await vi.waitFor(
    () => expect(told()).toMatchObject([{ data: { closed_by: 'palisade', actions: null } }]),
    WAIT,
  );
});

test('a replica that is cut off from PostgreSQL, and one that starts without it, end it by their own clocks', {
  timeout: 120_000,
}, async () => {
  const { world, replicas } = three();
  const [, second, third] = replicas as readonly [Replica, Replica, Replica];
  const brief = await asOlga('POST', '', WANTED);
  await endIn(String(brief.body['id']), '9 seconds');
  const endsAt = performance.now() + 9_000;
  const long = await asOlga('POST', '', { ...WANTED, principal: { type: 'User', id: 'bob' } });
  const since = sequenceOf(long.body['state_sequence']);
  for (const replica of [second, third]) {
    expect(await ask(replica, 'grpc', 'bob', 'deploy', since)).toMatchObject({ decision: 'allow' });
  }
  // Long enough for both to be kept on the disk.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  await cutOff(world, true);
  try {
    const restarted = third.restart();
    expect(await ask(second, 'grpc', 'fay', 'deploy')).toMatchObject({ decision: 'allow' });
    expect(performance.now()).toBeLessThan(endsAt);
    await restarted;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, endsAt - performance.now() + 200)));
    for (const replica of [second, third]) {
      expect(await ask(replica, 'grpc', 'fay', 'deploy')).toMatchObject({ reason_code: 'forbidden' });
      expect(await ask(replica, 'grpc', 'bob', 'deploy')).toMatchObject({ decision: 'allow' });
    }
  } finally {
    await cutOff(world, false);
  }
});
