import { Command } from 'commander';
import { createAdminClient } from '../../client.ts';
import { print, table } from '../../output.ts';

interface SignatureAnswer {
  readonly store: string;
  readonly key: string;
  readonly expires_at?: string;
  readonly state: string;
  readonly created_by: string;
}

export function signaturesCommand(): Command {
  return new Command('signatures')
    .argument('<digest>', 'sha256:…')
    .option('--json', 'print JSON')
    .description('Lists the signatures beside a bundle, and whether each counts now for its store.')
    .action(async (digest: string, { json }: { json?: boolean }) => {
      const path = `/v1/bundles/${encodeURIComponent(digest)}/signatures`;
      const answer = (await createAdminClient().request('GET', path)) as {
        readonly signatures: readonly SignatureAnswer[];
      };
      print(answer, json, () =>
        table([
          ['STORE', 'KEY', 'STATE', 'EXPIRES', 'BY'],
          ...answer.signatures.map((one) => [
            one.store,
            one.key,
            one.state,
            one.expires_at ?? '',
            one.created_by,
          ]),
        ]),
      );
    });
}
