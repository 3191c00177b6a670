import { fileURLToPath } from 'node:url';
import { createCedar } from '../../bundles/cedar.ts';
import { type CompiledBundle, compileBundle } from '../../bundles/compile.ts';
import { decideByBundle } from '../../bundles/decide.ts';
import { bundleDigest } from '../../bundles/digest.ts';
import { readBundleDirectory } from '../../bundles/files.ts';
import type { AskedRequest } from '../../bundles/inform.ts';
import { parseBundle, partsOf } from '../../bundles/parse.ts';
import { createProblems } from '../../bundles/problems.ts';
import { PdpError } from '../../engine/error.ts';
import { RawObject } from '../../engine/raw/raw.ts';
import type { Verdict } from '../../engine/verdict.ts';
import { ROLES } from '../../store/credentials.ts';
import type { BundleRef, Caller } from '../types.ts';
import { ADMIN_ACTIONS, type AdminAction, ANSWER, isAdminAction } from './actions.ts';
import { SYSTEM_DIGEST } from './system-digest.ts';

/** The name that no other bundle may have. */
export const SYSTEM_BUNDLE = 'system';

const FOLDER = fileURLToPath(new URL('../../../policies/system', import.meta.url));
const NAMESPACE = 'Palisade';

/** What something is done to. */
export type AdminResource =
  | { readonly type: 'Store'; readonly id: string }
  | { readonly type: 'Installation'; readonly id: 'palisade' };

export const INSTALLATION: AdminResource = { type: 'Installation', id: 'palisade' };

/** What of a credential decides. */
export type Administrator = Pick<Caller, 'roles' | 'stores' | 'subject'>;

export interface AdminQuestion {
  readonly action: AdminAction;
  readonly resource: AdminResource;
  /** Of a credential that is to be made. */
  readonly context?: { readonly roles: readonly string[]; readonly stores: readonly string[] } | undefined;
}

export interface AdminVerdict extends Pick<Verdict, 'decision' | 'reasonCode' | 'message'> {
  /** Ids of the determining policies, sorted. */
  readonly determining: readonly string[];
}

/** Who may do what to Palisade: decided by Cedar, like everything else. */
export interface SystemBundle {
  readonly ref: BundleRef;
  decide(caller: Administrator, question: AdminQuestion): AdminVerdict;
  /** Judges any request that its schema knows. @throws PdpError `invalid_request` where that does not. */
  judge(asked: AskedRequest): AdminVerdict;
  /** The roles that would be allowed it, each alone. */
  rolesFor(question: AdminQuestion): readonly string[];
}

/**
 * Loads the bundle that comes with the release, to the byte; without it nothing is administered. It passed the checks that a pushed one
 * passes when its digest was written down.
 * @throws PdpError `internal` where it is another one, or does not know exactly the actions that there are.
 */
export async function loadSystemBundle(folder: string = FOLDER): Promise<SystemBundle> {
  const { files, problems: strays } = await readBundleDirectory(folder);
  const stray = strays.find(({ severity }) => severity === 'error');
  if (stray !== undefined) throw broken(stray.message);
  const digest = bundleDigest(files);
  if (digest !== SYSTEM_DIGEST) throw broken(`it is ${digest}, and this release has ${SYSTEM_DIGEST}`);

  const problems = createProblems();
  const parts = partsOf(parseBundle(files, createCedar(), problems), files);
  if (parts === undefined || problems.errors > 0) throw broken('it cannot be read');
  if (parts.name !== SYSTEM_BUNDLE) throw broken(`it is named ${parts.name}`);

  const bundle = await compileBundle(parts);
  requireSameActions(bundle);

  return { ref: bundle.ref, decide, judge, rolesFor };

  function decide(caller: Administrator, question: AdminQuestion): AdminVerdict {
    return judge(askedOf(caller, question));
  }

  function judge(asked: AskedRequest): AdminVerdict {
    const { evaluation, verdict } = decideByBundle(bundle, asked, () => ({}));
    const { decision, reasonCode, message } = verdict;

    return { decision, reasonCode, message, determining: evaluation.determining };
  }

  function rolesFor(question: AdminQuestion): readonly string[] {
    return ROLES.filter((role) => {
      const holder = { subject: role, roles: [role], stores: ['*'] };

      return decide(holder, question).decision === 'allow';
    });
  }
}

function requireSameActions({ actions }: CompiledBundle): void {
  const declared = [...actions.values()].map(({ forCaller }) => forCaller.uid.id);
  const missing = [...ADMIN_ACTIONS, ANSWER].find((action) => !declared.includes(action));
  if (missing !== undefined) throw broken(`its schema lacks the action ${missing}`);
  const unknown = declared.find((action) => !isAdminAction(action) && action !== ANSWER);
  if (unknown !== undefined) throw broken(`nothing does its action ${unknown}`);
}

function askedOf({ subject, roles, stores }: Administrator, { action, resource, context }: AdminQuestion) {
  const principal = { type: `${NAMESPACE}::Credential`, id: subject };

  return {
    principal,
    action: { type: `${NAMESPACE}::Action`, id: action },
    resource: { type: `${NAMESPACE}::${resource.type}`, id: resource.id },
    context: record(context ?? {}),
    entities: [
      new RawObject(
        new Map<string, RawObject | readonly string[]>([
          ['uid', new RawObject(new Map(Object.entries(principal)))],
          ['attrs', record({ roles, stores })],
          ['parents', []],
        ]),
      ),
    ],
  };
}

function record(members: Readonly<Record<string, readonly string[]>>): RawObject {
  return new RawObject(new Map(Object.entries(members)));
}

function broken(problem: string): PdpError {
  return new PdpError('internal', `the built-in bundle ${SYSTEM_BUNDLE} is not in order: ${problem}`);
}
