import type { LocatedManifest, Manifest } from './manifest.ts';
import type { Problems } from './problems.ts';

export type Allowance = Manifest['allow_findings'][number];
export type Finding = Allowance['finding'];

/** What the manifest allows, and what of it nothing has needed yet. */
export interface Allowances {
  /** Whether this finding about a policy, an action or an entity type is allowed; it counts as needed from then on. */
  allows(finding: Finding, subject: string): boolean;
  /** Whether the manifest has such an entry, needed or not. */
  names(finding: Finding, subject: string): boolean;
  /** Warns of allowances that nothing has needed. @param isSettled whether everything that could need one was looked at. */
  reportUnused(problems: Problems, isSettled: (finding: Finding) => boolean): void;
}

/** @param located absent where the manifest could not be read: then nothing is allowed. */
export function createAllowances(located: LocatedManifest | undefined): Allowances {
  const entries = located?.manifest.allow_findings ?? [];
  const needed = new Set<string>();
  const known = new Set(entries.map((entry) => keyOf(entry.finding, subjectOf(entry))));

  return {
    allows(finding, subject) {
      const key = keyOf(finding, subject);
      if (!known.has(key)) return false;
      needed.add(key);

      return true;
    },
    names: (finding, subject) => known.has(keyOf(finding, subject)),
    reportUnused(problems, isSettled) {
      if (located === undefined) return;
      for (const [index, entry] of entries.entries()) {
        const subject = subjectOf(entry);
        if (needed.has(keyOf(entry.finding, subject)) || !isSettled(entry.finding)) continue;
        const message = `nothing needs this: ${subject} has no finding ${entry.finding}`;
        problems.at(located.source, located.spanOf(['allow_findings', index]), 'unused_allowance', message, {
          severity: 'warning',
        });
      }
    },
  };
}

function subjectOf(entry: Allowance): string {
  if ('action' in entry) return entry.action;

  return 'entity_type' in entry ? entry.entity_type : entry.policy;
}

function keyOf(finding: string, subject: string): string {
  return `${finding} ${subject}`;
}
