import { expect, test } from 'vitest';
import { insertBundle } from '../../services/store/bundles.ts';
import { activate } from '../../services/store/change-deployment.ts';
import { insertCredential } from '../../services/store/credentials.ts';
import { withDatabase } from '../support/postgres.ts';
import { aBundle, aCredential } from './samples.ts';

const FORBIDDEN = [
  `update bundles set archive = ''`,
  `update bundles set digest = digest`,
  'delete from bundles',
  'truncate bundles cascade',
  `update deployments set author = 'somebody else'`,
  'delete from deployments',
  `update stores set name = 'other'`,
  'delete from stores',
  `update credentials set roles = array['admin']`,
  `update credentials set stores = '{default}'`,
  'update credentials set principals = null',
  `update credentials set secret_hash = ''`,
  'delete from credentials',
  'delete from credentials_revision',
  'insert into credentials_revision values (false, 1)',
  'update evaluator_overrides set digest = digest',
  `update evaluator_overrides set reason = ''`,
  'delete from evaluator_overrides',
  `update bundle_signatures set store = 'other'`,
  'delete from bundle_signatures',
  'update signature_requirements set threshold = 0',
  'delete from signature_requirements',
  'update entity_versions set document = null',
  'delete from entity_versions',
  `update entity_parents set parent_id = 'other'`,
  'update limit_counters set used = 0',
  'delete from limit_counters',
  'update limit_entries set amount = 1',
  'delete from limit_entries',
  `update limit_definitions set definition = ''`,
  'delete from limit_definitions',
  `select consume_many_limits('[]')`,
  `select leave_window('{}', now(), 1)`,
  `insert into runs (run_id, store, subject, principal, root, depth, conversation_id, started_at, ends_at)
   values ('00000000-0000-7000-8000-000000000000', 'default', 's', 'p', '00000000-0000-7000-8000-000000000000', 0, '', now(), now())`,
  `update runs set labels = '{}'`,
  'delete from runs',
  'update run_actions set count = 1',
  'delete from run_actions',
  `select step_run('{}')`,
  'update limit_entries set refundable = true',
  'insert into outcomes select gen_random_uuid()',
  'update outcomes set settled = null',
  'delete from outcomes',
  `create or replace function limit_clock() returns timestamptz language sql as 'select now()'`,
  `update webhook_events set payload = '{}'`,
  `update webhook_deliveries set endpoint = 'other'`,
  `update break_glass set until = until + interval '1 hour'`,
  'delete from break_glass',
  `update approvals set status = 'approved'`,
  'delete from approvals',
  `update approval_answers set answer = 'approve'`,
  'delete from approval_answers',
  `insert into approval_answers select * from approval_answers`,
  `select take_approval('{}')`,
  'update installation set id = gen_random_uuid()',
  'insert into installation values (true, gen_random_uuid())',
  'update replicas set process_id = process_id',
  `insert into palisade_migrations (name, run_on) values ('9999_x', now())`,
  'alter table bundles disable trigger all',
  'drop table bundles',
  'create table mine ()',
  'set role pg_write_all_data',
];

test('the serving role cannot rewrite what is immutable', async () => {
  await withDatabase(async ({ owner, serving }) => {
    await insertBundle(serving, aBundle());
    await activate(serving, {
      store: 'default',
      digest: aBundle().digest,
      expectedSequence: 0n,
      author: 'ada',
      reason: '',
    });
    await insertCredential(serving, aCredential());

    for (const statement of FORBIDDEN) {
      await expect(serving.query(statement), statement).rejects.toMatchObject({ code: '42501' });
    }

    const { rows } = await owner.query(
      'select (select count(*) from bundles) + (select count(*) from deployments) as n',
    );
    expect(rows).toEqual([{ n: '2' }]);
  });
});
