import { describe, expect, test } from 'vitest';
import { administer, createCredential, deploy, recordOf, uniqueName } from '../../support/shared-store.ts';
import { idOf, useDesk } from './desk-world.ts';
import { ASKING, payBundle } from './support.ts';

const desk = useDesk({ manifest: (text) => `${text}approval: { redact: [input.pin] }\n` });

/** Shows a question once what would run is in the log. */
async function examined(who: string, id: string) {
  await expect
    .poll(async () => (await desk.current.desk(who, 'GET', `/v1/approvals/${id}`)).status)
    .not.toBe(503);

  return desk.current.desk(who, 'GET', `/v1/approvals/${id}`);
}

async function answered(who: string, id: string, answer: 'approve' | 'deny', body: object = {}) {
  await examined(who, id);

  return desk.current.desk(who, 'POST', `/v1/approvals/${id}/${answer}`, body);
}

describe('who may approve', () => {
  test('sees exactly what would run, with what hides in it made visible, and approves it once', async () => {
    const note = 'rent \u202e001 \u200b"\\ \u00a0';
    const reply = await desk.current.pay({ note, pin: '1234' });
    expect(reply).toMatchObject({
      decision: 'deny',
      reason_code: 'approval_required',
      approval: { status: 'pending' },
    });
    const id = idOf(reply);

    expect(await examined('fay', id)).toMatchObject({
      status: 200,
      body: {
        approval: {
          approval_id: id,
          severity: 'high',
          principal: 'Bot::"bot"',
          groups: [{ group: 'Group::"finance"', count: 1n }],
        },
        request: {
          principal: 'Bot::"bot"',
          action: 'Action::"pay"',
          resource: 'Account::"a"',
          context: [
            { path: 'input.amount', value: '500' },
            { path: 'input.note', value: '"rent \\u{202e}001 \\u{200b}\\"\\\\ \\u{a0}"' },
            { path: 'input.pin', redacted: true },
          ],
        },
      },
    });
    expect(await answered('fay', id, 'approve', { comment: 'as agreed' })).toMatchObject({
      status: 200,
      body: {
        approval: {
          status: 'approved',
          answers: [{ approver: 'User::"fay"', answer: 'approve', comment: 'as agreed' }],
        },
      },
    });
    const again = { note, pin: '1234', approval_id: id };
    const allowed = await desk.current.pay(again);
    expect(allowed).toMatchObject({ decision: 'allow', approval: { approval_id: id, status: 'consumed' } });
    expect(await desk.current.pay(again, 'rest')).toMatchObject({
      decision: 'deny',
      reason_code: 'approval_invalid',
    });
    expect(await recordOf(desk.current.world, allowed)).toMatchObject({
      approval: { approval_id: id, status: 'consumed' },
      facts: { approval: { by: ['User::"fay"'], count: 1n } },
    });
  });

  test('is recorded: that they may, before anything comes of it, and what they said', async () => {
    const id = idOf(await desk.current.pay({ note: 'recorded' }, 'rest'));
    await answered('gil', id, 'deny', { comment: 'no' });
    const { world, store } = desk.current;
    const found = async (query: string) =>
      (await administer(world, 'GET', `/v1/decisions?${query}`)).body['records'] as readonly Record<
        string,
        unknown
      >[];
    const ofThis = (record: Record<string, unknown>) =>
      JSON.stringify(record, (_, v) => (typeof v === 'bigint' ? `${v}` : v)).includes(id);

    await expect
      .poll(async () => (await found('administration=true&limit=200')).filter(ofThis))
      .toContainEqual(
        expect.objectContaining({
          store,
          principal: { type: 'Palisade::Person', id: 'User::"gil"' },
          action: { type: 'Palisade::Action', id: 'answer' },
          decision: 'allow',
          determining: ['members-answer'],
        }),
      );
    await expect
      .poll(async () => (await found('limit=200')).filter(ofThis))
      .toContainEqual(
        expect.objectContaining({
          kind: 'change',
          action: 'deny_request',
          reason: 'no',
          approval: expect.objectContaining({
            approval_id: id,
            person: { type: 'User', id: 'gil' },
            status: 'denied',
          }),
        }),
      );
  });

  test('says no, and the agent is told so and asks nobody else', async () => {
    const id = idOf(await desk.current.pay({ note: 'denied' }));
    expect(await answered('fay', id, 'deny')).toMatchObject({ body: { approval: { status: 'denied' } } });

    expect(await answered('gil', id, 'approve')).toMatchObject({ status: 409 });
    expect(await desk.current.pay({ note: 'denied' })).toMatchObject({
      reason_code: 'approval_required',
      approval: { approval_id: id, status: 'denied' },
    });
  });
});

describe('nobody approves', () => {
  test('with a comment of which others could not tell where it ends', async () => {
    const id = idOf(await desk.current.pay({ note: 'of many lines' }));

    for (const comment of ['ok\n\ninput.amount = 1', 'a\u0000b', '\u001b[2J', '\u0085']) {
      expect(await answered('fay', id, 'approve', { comment })).toMatchObject({
        status: 400,
        body: { field: 'comment', detail: 'comment holds a control character' },
      });
    }
    expect(await answered('fay', id, 'approve', { comment: 'x'.repeat(1_024) })).toMatchObject({
      status: 200,
    });
  });

  test('outside of the groups, nor sees what would run', async () => {
    const id = idOf(await desk.current.pay({ note: 'of finance' }));

    for (const who of ['lea', 'eve', 'nobody']) {
      const { status, body } = await examined(who, id);
      expect(status).toBe(200);
      expect(body).not.toHaveProperty('request');
      expect(body).toMatchObject({ withheld: expect.stringContaining('none of the groups') });
      expect(await answered(who, id, 'approve')).toMatchObject({ status: 403 });
    }
  });

  test('for an agent of their own, by either attribute', async () => {
    for (const [bot, owner, other] of [
      ['gils', 'gil', 'fay'],
      ['shared', 'bob', 'fay'],
    ] as const) {
      const id = idOf(await desk.current.pay({ note: `of ${bot}`, bot }));

      expect(await answered(owner, id, 'approve')).toMatchObject({
        status: 403,
        body: { detail: expect.stringContaining('owner') },
      });
      expect(await answered(other, id, 'approve')).toMatchObject({ status: 200 });
    }
  });

  test('for themselves, or by a credential for whoever they like', async () => {
    const { world, store } = desk.current;
    const question = {
      principal: 'User::"fay"',
      action: 'Action::"pay"',
      resource: 'Account::"a"',
      context: '{"input":{"amount":500}}',
    };
    const reply = await desk.current.client.rest(
      JSON.stringify({
        principal: { type: 'User', id: 'fay' },
        action: { type: 'Action', id: 'pay' },
        resource: { type: 'Account', id: 'a' },
        context: JSON.parse(question.context),
      }),
    );
    const id = idOf(reply);
    expect(await answered('fay', id, 'approve')).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('who would act') },
    });

    const open = { roles: ['approver'], stores: [store] };
    for (const principals of [undefined, [{ type: 'User' }]]) {
      const adminToken = await createCredential(world, {
        ...open,
        name: uniqueName('open'),
        ...(principals === undefined ? {} : { principals }),
      });
      await expect
        .poll(async () => (await administer({ ...world, adminToken }, 'GET', '/v1/approvals')).status)
        .toBe(200);
      expect(
        await administer({ ...world, adminToken }, 'POST', `/v1/approvals/${id}/approve`, {
          as: 'User::"gil"',
        }),
      ).toMatchObject({ status: 403, body: { detail: expect.stringContaining('names no person') } });
    }
    expect(await answered('gil', id, 'approve', { as: 'User::"bob"' })).toMatchObject({ status: 403 });
    expect(await answered('gil', id, 'approve')).toMatchObject({ status: 200 });
  });

  test('without the role, or in another store', async () => {
    const { world, store } = desk.current;
    const id = idOf(await desk.current.pay({ note: 'of a role' }));
    const principals = [{ type: 'User', ids: ['fay'] }];
    const operator = await createCredential(world, { roles: ['operator'], stores: [store], principals });
    const elsewhere = await createCredential(world, { roles: ['approver'], stores: ['default'], principals });
    const runtime = await createCredential(world, { stores: [store], principals });
    const as = (adminToken: string) =>
      administer({ ...world, adminToken }, 'POST', `/v1/approvals/${id}/approve`, {});

    await expect.poll(async () => (await as(operator)).status).toBe(403);
    await expect.poll(async () => (await as(runtime)).status).toBe(403);
    await expect.poll(async () => (await as(elsewhere)).status).toBe(404);
    const listed = await administer(
      { ...world, adminToken: elsewhere },
      'GET',
      `/v1/approvals?store=${store}`,
    );
    expect(listed.body).toEqual({ approvals: [] });
  });

  test('what another bundle asked than the one that decides now', async () => {
    const { world } = desk.current;
    const store = uniqueName('replaced');
    await administer(world, 'POST', '/v1/stores', { name: store });
    await deploy(world, store, payBundle());
    const token = await createCredential(world, { stores: [store] });
    const fay = await createCredential(world, {
      roles: ['approver'],
      stores: [store],
      principals: [{ type: 'User', ids: ['fay'] }],
    });
    await expect
      .poll(async () => (await desk.current.pay({ token }))['reason_code'])
      .toBe('approval_required');
    const id = idOf(await desk.current.pay({ token }));
    await deploy(world, store, payBundle({ asking: ASKING.replace('10m', '11m') }));

    await expect
      .poll(async () => administer({ ...world, adminToken: fay }, 'POST', `/v1/approvals/${id}/approve`, {}))
      .toMatchObject({ status: 409, body: { detail: expect.stringContaining('does not run the bundle') } });
  });
});

describe('a runtime that waits', () => {
  test('is told as soon as people have answered, and so is everybody who waits', async () => {
    const id = idOf(await desk.current.pay({ note: 'waited for' }));
    const waits = [desk.current.wait(id), desk.current.wait(id, { timeout_ms: 30_000 })];
    await answered('fay', id, 'approve');

    for (const wait of waits) {
      expect(await wait).toMatchObject({
        status: 200,
        body: { approval: { approval_id: id, status: 'approved' } },
      });
    }
    expect(await desk.current.wait(id)).toMatchObject({ body: { approval: { status: 'approved' } } });
  });

  test('is told that nobody has answered once its time is over, and nothing of what others asked', async () => {
    const { store, world } = desk.current;
    const id = idOf(await desk.current.pay({ note: 'not answered' }));
    const other = await createCredential(world, { stores: [store] });

    expect(await desk.current.wait(id, { timeout_ms: 300 })).toMatchObject({
      status: 200,
      body: { approval: { status: 'pending' } },
    });
    await expect.poll(async () => (await desk.current.wait(id, {}, other)).status).toBe(404);
    expect(await desk.current.wait('no-id')).toMatchObject({ status: 404 });
    expect(await desk.current.wait(id, { timeout_ms: 30_001 })).toMatchObject({ status: 400 });
    expect(await desk.current.wait(id, {}, await desk.current.tokenOf('fay'))).toMatchObject({ status: 403 });
  });
});

test('a list tells the newest first, by status, and a watch each change', async () => {
  const { world, store } = desk.current;
  const token = await desk.current.tokenOf('fay');
  const gone = new AbortController();
  const watching = await fetch(`http://${world.addresses.admin}/v1/approvals/watch?for_ms=60000`, {
    headers: { authorization: `Bearer ${token}` },
    signal: gone.signal,
  });
  const lines: { approval_id: string; status: string }[] = [];
  const reading = (async () => {
    let rest = '';
    for await (const chunk of watching.body ?? []) {
      const all = (rest + Buffer.from(chunk).toString()).split('\n');
      rest = all.pop() ?? '';
      lines.push(...all.map((line) => JSON.parse(line) as (typeof lines)[number]));
    }
  })().catch(() => undefined);
  const id = idOf(await desk.current.pay({ note: 'watched' }));
  await answered('fay', id, 'approve');
  const ofThis = () => lines.filter(({ approval_id }) => approval_id === id).map(({ status }) => status);

  await expect.poll(ofThis, { timeout: 5_000 }).toContain('approved');
  gone.abort();
  await reading;
  const { body } = await desk.current.desk(
    'fay',
    'GET',
    `/v1/approvals?store=${store}&status=approved&limit=1`,
  );
  expect(body).toMatchObject({ approvals: [{ approval_id: id }] });
});
