/** What can be done to Palisade itself. The built-in bundle `system` declares the same, and says which role may do what. */
export const ADMIN_ACTIONS = [
  'readStores',
  'createStore',
  'readBundles',
  'pushBundle',
  'pushSignature',
  'readDeployments',
  'deploy',
  'writeSettings',
  'readProposals',
  'approveProposal',
  'rejectProposal',
  'readCredentials',
  'createCredential',
  'grantRoles',
  'revokeCredential',
  'readDecisions',
  'readInputs',
  'replay',
  'readEntities',
  'writeEntities',
  'readEvaluators',
  'liftOverride',
  'readBreakGlass',
  'openBreakGlass',
  'closeBreakGlass',
  'readApprovals',
  'examineApproval',
  'answerApproval',
] as const;
export type AdminAction = (typeof ADMIN_ACTIONS)[number];

/** Decided for a person, once the credential that speaks for them may: see `SystemBundle.mayAnswer`. */
export const ANSWER = 'answer';

const known: ReadonlySet<string> = new Set(ADMIN_ACTIONS);

export function isAdminAction(text: string): text is AdminAction {
  return known.has(text);
}

/** Whether it changes nothing, and tells no decrypted input. */
export function isReading(action: AdminAction): boolean {
  return action.startsWith('read') && action !== 'readInputs';
}
