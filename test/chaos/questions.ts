import type { Question } from './ask.ts';

const AGENT = { type: 'Agent', id: 'build-bot' };
const REPO = { type: 'Repo', id: 'palisade' };

/** What the starter bundle is asked under load, and answers whatever the hour. */
export const STARTER_QUESTIONS: readonly Question[] = [
  ask('git_push', { branch: 'main' }, 'deny'),
  ask('git_push', { branch: 'feature/x' }, 'allow'),
  ask('file_read', { path: 'services/main.ts' }, 'allow'),
  ask('file_read', { path: '.env' }, 'deny'),
];

function ask(action: string, input: object, want: 'allow' | 'deny'): Question {
  return {
    principal: AGENT,
    action: { type: 'Action', id: action },
    resource: REPO,
    context: { input },
    want,
  };
}
