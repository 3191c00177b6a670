import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSecret } from '../pdp/config/secret.ts';
import { OTHER_VARIABLES } from '../pdp/config/variables.ts';
import { parseToken } from '../pdp/token.ts';
import { CliError, EXIT } from './errors.ts';

/** One of the two sides of a running Palisade that commands speak to, and whose word they speak with. */
export interface Side {
  readonly url: 'PALISADE_ADMIN_URL' | 'PALISADE_URL';
  readonly token: 'admin' | 'runtime';
}

export const ADMINISTRATION: Side = { url: 'PALISADE_ADMIN_URL', token: 'admin' };
/** Where runtimes ask. Runs and decisions belong to a credential, so it is one of theirs. */
export const DECISIONS: Side = { url: 'PALISADE_URL', token: 'runtime' };

/**
 * Where a side is, by its variable, else the default on loopback.
 * @throws CliError where it is no URL of HTTP.
 */
export function urlOf({ url: name }: Side, environment: NodeJS.ProcessEnv): string {
  const fallback = OTHER_VARIABLES[name].default;
  const text = environment[name] ?? fallback;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;

  throw new CliError(`${name} is no URL such as ${fallback}: ${text}`, EXIT.usage);
}

/**
 * The token to speak with: `PALISADE_TOKEN`, else what `palisade start` left, unless a certificate is shown instead.
 * @returns `undefined`: the certificate is enough.
 * @throws CliError where there is none, or what there is, is none.
 */
export function tokenFor(
  side: Side,
  environment: NodeJS.ProcessEnv,
  hasCertificate: boolean,
): string | undefined {
  const given = readSecret('PALISADE_TOKEN', environment);
  const token = given ?? (hasCertificate ? undefined : readTokenFile(side, environment));
  if (token !== undefined && parseToken(token) === undefined) {
    throw new CliError(`the ${side.token} token is not of the form pal_…; is all of it there?`, EXIT.usage);
  }

  return token;
}

function readTokenFile({ token }: Side, environment: NodeJS.ProcessEnv): string {
  const home = environment['PALISADE_HOME'] ?? OTHER_VARIABLES.PALISADE_HOME.default;
  const path = join(home, `${token}.token`);
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    throw new CliError(
      `no ${token} token: set PALISADE_TOKEN or PALISADE_CLIENT_CERT, or run this where ${path} is (\`npm start\` makes it).`,
    );
  }
}

/**
 * What to say, and to advise, where nothing answers.
 * @param certified whether a client certificate was shown.
 */
export function noAnswer(side: Side, url: URL, cause: NodeJS.ErrnoException, certified = false): string {
  return `no answer from ${url.origin} (${cause.message}).\n${remedyOf(side, cause, url, certified)}`;
}

function remedyOf(
  { url: name }: Side,
  { code = '' }: NodeJS.ErrnoException,
  { protocol }: URL,
  certified: boolean,
): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `Its certificate is for other names: use one of them in ${name}.`;
  }
  if (code === 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED') {
    return 'It lets in nobody without a certificate: set PALISADE_CLIENT_CERT and PALISADE_CLIENT_KEY.';
  }
  if (certified && (code === 'ECONNRESET' || code === 'EPIPE')) {
    return 'Did it refuse PALISADE_CLIENT_CERT? That must be valid now, and signed by an authority in its PALISADE_TLS_CLIENT_CA_FILE; its log says which of them is not so.';
  }
  if (/CERT|SIGNATURE|ISSUER/.test(code)) {
    return 'Is it signed by an authority of your own? Then set PALISADE_CA (or NODE_EXTRA_CA_CERTS) to its certificate.';
  }
  if (protocol === 'http:' && code === 'ECONNRESET') {
    return `Does it speak TLS there? Then ${name} begins with https.`;
  }

  return `Is Palisade running? Start it with \`npm start\`, or set ${name}.`;
}
