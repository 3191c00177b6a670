import type { Log } from '../../telemetry/log.ts';
import { createThrottle } from '../../telemetry/throttle.ts';
import { ConfigError } from '../config/config-error.ts';
import { type ClientCertificates, readTlsMaterial, type TlsConfig, type TlsMaterial } from './material.ts';

/** TLS as ports speak it; what it says changes with its files. */
export interface ServerTls {
  readonly clients: ClientCertificates;
  material(): TlsMaterial;
  /** @param listener told whether it is other authorities that clients are believed by from now on. */
  onChange(listener: (authoritiesChanged: boolean) => void): void;
  /** Takes note of a client whose certificate was refused. @param reason a code of OpenSSL. */
  refused(reason: string, address: string | undefined): void;
}

/** The files of TLS, looked at again and again. */
export interface TlsFiles extends ServerTls {
  /** Why what the files hold now is not used; `undefined`: it is. */
  problem(): string | undefined;
  stop(): Promise<void>;
}

interface Following {
  readonly config: TlsConfig;
  readonly log: Log;
  /** Milliseconds between two looks. */
  readonly everyMs?: number;
}

const LOOK_EVERY_MS = 1_000;
const LOG_EVERY_MS = 1_000;

/**
 * Reads the files of TLS, and takes over what is put in their place. What cannot be used, such as a certificate whose key is not
 * there yet, is told of, and what was read before goes on.
 * @returns `undefined` where none are configured.
 * @throws ConfigError as `readTlsMaterial` does.
 */
export async function followTlsFiles({
  config,
  log,
  everyMs = LOOK_EVERY_MS,
}: Following): Promise<TlsFiles | undefined> {
  const first = await readTlsMaterial(config);
  if (first === undefined) return undefined;

  let material: TlsMaterial = first;
  let problem: string | undefined;
  let looking: Promise<void> = Promise.resolve();
  const listeners: ((authoritiesChanged: boolean) => void)[] = [];
  const refusals = createThrottle(LOG_EVERY_MS);
  let isStopped = false;
  let timer = setTimeout(look, everyMs);

  return {
    clients: config.PALISADE_TLS_CLIENT,
    material: () => material,
    problem: () => problem,
    onChange: (listener) => void listeners.push(listener),

    refused(reason, address) {
      refusals((since_last) => log.warn({ reason, address, since_last }, 'a client certificate was refused'));
    },

    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await looking;
    },
  };

  function look(): void {
    looking = takeOver().finally(() => {
      if (!isStopped) timer = setTimeout(look, everyMs);
    });
  }

  async function takeOver(): Promise<void> {
    try {
      const next = (await readTlsMaterial(config)) ?? material;
      problem = undefined;
      if (!isStopped && !isSame(next, material)) use(next);
    } catch (thrown) {
      const text = thrown instanceof ConfigError ? thrown.problems.join('; ') : String(thrown);
      if (text !== problem) log.error({ problem: text }, 'the files of TLS are not used; those before go on');
      problem = text;
    }
  }

  function use(next: TlsMaterial): void {
    const authoritiesChanged = !sameBytes(next.clientCa, material.clientCa);
    material = next;
    for (const listener of listeners) listener(authoritiesChanged);
    log.info(
      { valid_to: new Date(next.validTo).toISOString(), authoritiesChanged },
      'the files of TLS were read again',
    );
  }
}

function isSame(one: TlsMaterial, other: TlsMaterial): boolean {
  return (
    sameBytes(one.cert, other.cert) &&
    sameBytes(one.key, other.key) &&
    sameBytes(one.clientCa, other.clientCa)
  );
}

function sameBytes(one: Buffer | undefined, other: Buffer | undefined): boolean {
  return one === undefined || other === undefined ? one === other : one.equals(other);
}
