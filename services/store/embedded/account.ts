import { execFile, type SpawnOptions } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * As whom the server runs. PostgreSQL refuses to run as root, so root must become somebody else:
 * - `self`: an ordinary user runs it as himself.
 * - `namespace`: root runs it in a user namespace where root is called 65534. The kernel still sees root, so the files
 *   stay root's and a folder that only root may enter is no obstacle, and the server has no capability at all.
 * - `account`: where user namespaces are refused (many containers), an existing unprivileged account.
 */
export type Account = { readonly kind: 'self' } | { readonly kind: 'namespace' } | OtherAccount;

export interface OtherAccount {
  readonly kind: 'account';
  readonly uid: number;
  readonly gid: number;
}

/** A program as `spawn` and `execFile` take it. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: Pick<SpawnOptions, 'uid' | 'gid' | 'cwd' | 'env'>;
}

const UNPRIVILEGED_ACCOUNTS = ['postgres', 'nobody'];

/** Whether this process is root, and PostgreSQL therefore needs another account. */
export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** The same program run by that account, in a working directory that it may enter. */
export function commandAs(account: Account, file: string, args: readonly string[], cwd: string): Command {
  // Nothing is inherited but what programs and libraries need: no PG* variable may redirect the server, and no
  // PALISADE_* secret belongs in its environment.
  const options = { cwd, env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } };
  if (account.kind === 'self') return { file, args, options };
  if (account.kind === 'account') {
    return { file, args, options: { ...options, uid: account.uid, gid: account.gid } };
  }

  // unshare replaces itself by the program, so signals and the process id are the server's own.
  const wrapper = ['--user', '--map-user=65534', '--map-group=65534', '--', file];

  return { file: 'unshare', args: [...wrapper, ...args], options };
}

/** Whether that account can run the program; the kernel's answer, with every folder above it counted in. */
export function canRun(account: Account, program: string): Promise<boolean> {
  return passes(account, '-x', program);
}

/** Whether that account can write into the folder. */
export function canWrite(account: Account, folder: string): Promise<boolean> {
  return passes(account, '-w', folder);
}

/** An existing account made for servers, or `undefined` where the machine has none. */
export async function findUnprivilegedAccount(): Promise<OtherAccount | undefined> {
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n');
  for (const name of UNPRIVILEGED_ACCOUNTS) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(':');
    const uid = Number(fields?.[2]);
    const gid = Number(fields?.[3]);
    if (uid > 0 && gid > 0) return { kind: 'account', uid, gid };
  }

  return undefined;
}

async function passes(account: Account, test: '-x' | '-w', subject: string): Promise<boolean> {
  const { file, args, options } = commandAs(account, '/usr/bin/env', ['test', test, subject], '/');

  return run(file, args, { ...options, timeout: 5_000 }).then(
    () => true,
    () => false,
  );
}
