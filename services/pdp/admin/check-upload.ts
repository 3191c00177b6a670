import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Manifest } from '../../bundles/manifest.ts';
import { type Problem, renderProblem } from '../../bundles/problem.ts';
import { checkInWorker } from '../../bundles/worker/check.ts';
import { readBody } from '../wire/rest/body.ts';
import { HttpError } from '../wire/rest/problem.ts';

export interface CheckedUpload {
  readonly archive: Buffer;
  readonly digest: string;
  readonly manifest: Manifest;
}

const ARCHIVE_BODY = { pattern: /^application\/gzip$/i, text: 'application/gzip: a *.palisade.tgz' };

/** Checks run one after the other: each is a thread of its own, and uploads must not take the cores from decisions. */
let running: Promise<unknown> = Promise.resolve();

/**
 * Reads an uploaded archive and checks it, off this thread.
 * @throws HttpError with every problem where it does not pass; PdpError `too_large` and `invalid_request` for the upload.
 */
export async function checkUpload(
  request: IncomingMessage,
  response: ServerResponse,
): Promise<CheckedUpload> {
  const archive = await readBody(request, response, ARCHIVE_BODY, {
    limit: 'bundle_bytes',
    timeoutMs: UPLOAD_MS,
  });
  const checking = running.then(() => checkInWorker(archive));
  running = checking.catch(() => undefined);
  const report = await checking;
  if (!report.ok || report.manifest === undefined) throw refusal(report.problems);

  return { archive, digest: report.digest, manifest: report.manifest };
}

/** What an upload may take to arrive, in milliseconds: it may be 32 MiB over a slow line. */
export const UPLOAD_MS = 60_000;

/** Every problem of the bundle: as data for tools, and as `bundle check` prints it. */
function refusal(problems: readonly Problem[]): HttpError {
  const errors = problems.filter(({ severity }) => severity === 'error');

  return new HttpError(
    400,
    'invalid_request',
    `the bundle has ${errors.length} problem(s) and is not stored`,
    {
      field: 'bundle',
      extension: { problems, report: problems.map(renderProblem).join('\n\n') },
    },
  );
}
