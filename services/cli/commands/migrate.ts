import { Command } from 'commander';
import { migrate } from '../../store/migrate.ts';
import { migrationConnection } from '../migration-role.ts';

export function migrateCommand(): Command {
  return new Command('migrate')
    .description(
      'Brings the database up to date. Uses PALISADE_MIGRATE_DATABASE_URL: a role that may create tables, which `serve` must not have.',
    )
    .action(async () => {
      const ran = await migrate(migrationConnection());
      process.stdout.write(
        ran.length === 0 ? 'The database is up to date.\n' : `Migrated: ${ran.join(', ')}\n`,
      );
    });
}
