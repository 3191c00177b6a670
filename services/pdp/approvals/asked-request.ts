import type { CompiledBundle } from '../../bundles/compile.ts';
import { type ReadRequest, readRequest } from '../../bundles/inform.ts';
import type { StoredEntities } from '../../bundles/stored/stored-entities.ts';
import { PdpError } from '../../engine/error.ts';
import type { Keyring } from '../../ledger/keyring.ts';
import { getDecision, getInput } from '../../ledger/query.ts';
import { readRecord } from '../../ledger/record.ts';
import type { Approval } from '../../store/approvals/read.ts';
import type { Database } from '../../store/database.ts';
import { readRecordedRequest } from '../verify/recorded.ts';

/** Whose request it is, and by what it is read. */
export interface AskedOf {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly bundle: CompiledBundle;
  readonly stored: StoredEntities | undefined;
}

/**
 * The exact request behind a question: what is in the decision log, held against its commitment, and against what the question is for.
 * @throws PdpError `unavailable` where its record is not in PostgreSQL yet, `not_found` where its input is erased, `internal` where it is
 * another one.
 */
export async function askedRequest(
  { database, keyring, bundle, stored }: AskedOf,
  approval: Approval,
): Promise<ReadRequest> {
  const { decision_id: id, store } = approval;
  const { record: text } = await getDecision(database, [store], id).catch((error: unknown) => {
    if (!(error instanceof PdpError) || error.code !== 'not_found') throw error;
    throw new PdpError(
      'unavailable',
      'what would run is not in the decision log yet; try again in a moment',
      {
        cause: error,
      },
    );
  });
  const record = readRecord(text);
  const isOurs =
    record.kind === 'decision' &&
    record.request_digest === approval.request_digest &&
    record.credential.subject === approval.subject &&
    record.bundle.digest === bundle.ref.digest;
  if (!isOurs) throw new PdpError('internal', `decision ${id} is not the one that asked for this approval`);
  const input = await getInput(database, [store], keyring, id);

  return readRequest(bundle, readRecordedRequest(input), {
    recorded: true,
    ...(stored === undefined ? {} : { stored }),
  });
}
