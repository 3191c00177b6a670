import { Command } from 'commander';
import { createAdminClient } from '../../client.ts';
import { print, table } from '../../output.ts';
import type { BundleAnswer } from './answer.ts';

export function listCommand(): Command {
  return new Command('list')
    .option('--json', 'print JSON')
    .description('Lists the bundles of a running Palisade, newest first.')
    .action(async ({ json }: { json?: boolean }) => {
      const bundles = await listAll();
      print({ bundles }, json, () =>
        table([
          ['NAME', 'VERSION', 'PUSHED', 'BY', 'DIGEST'],
          ...bundles.map((one) => [one.name, one.version, one.created_at, one.created_by, one.digest]),
        ]),
      );
    });
}

async function listAll(): Promise<readonly BundleAnswer[]> {
  const client = createAdminClient();
  const all: BundleAnswer[] = [];
  for (let next: string | undefined = ''; next !== undefined; ) {
    const page = (await client.request(
      'GET',
      `/v1/bundles?limit=200${next === '' ? '' : `&before=${next}`}`,
    )) as {
      bundles: readonly BundleAnswer[];
      next?: string;
    };
    all.push(...page.bundles);
    next = page.next;
  }

  return all;
}
