import type pg from 'pg';

/** What counting takes at least: lock a row, look at it, write it and one more, commit. From one client, statement by statement. */
export async function plainTransaction(database: pg.Client): Promise<() => Promise<void>> {
  await database.query('create table plain_counter (id int primary key, used bigint not null)');
  await database.query('create table plain_entry (at timestamptz not null, amount bigint not null)');
  await database.query('insert into plain_counter values (1, 0)');

  return async () => {
    await database.query('begin');
    await database.query('select used from plain_counter where id = 1 for update');
    await database.query('update plain_counter set used = used + 1 where id = 1');
    await database.query('insert into plain_entry values (clock_timestamp(), 1)');
    await database.query('commit');
  };
}
