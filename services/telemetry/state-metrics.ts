import type { MetricDefinition } from './metric-definition.ts';

/** What decisions take from state in PostgreSQL: limits, runs, idempotency keys, and the reports that settle them. */
export const STATE_METRICS = {
  'palisade.limits.decisions': {
    kind: 'counter',
    unit: '{decision}',
    labels: ['palisade.store', 'palisade.limit.outcome'],
    brief: 'Decisions that limits counted, or had no room for. A lost race is told beside how it ended.',
  },
  'palisade.limits.wait.duration': {
    kind: 'histogram',
    unit: 's',
    labels: [],
    brief: 'Waits of decisions for PostgreSQL: to be told what is used of limits, or to be counted.',
  },
  'palisade.limits.pending': {
    kind: 'gauge',
    unit: '{use}',
    labels: [],
    together: 'max',
    brief:
      'Uses whose decision is not known to be recorded yet, of all processes; told by the one that sweeps.',
  },
  'palisade.limits.unknown': {
    kind: 'gauge',
    unit: '{use}',
    labels: [],
    together: 'max',
    brief:
      'Uses that are pending for more than a minute and whose decision is not in the log. They stay counted.',
  },
  'palisade.limits.reconciled': {
    kind: 'counter',
    unit: '{decision}',
    labels: [],
    brief: 'Decisions found in the log whose process did not tell of them.',
  },
  'palisade.limits.forgotten': {
    kind: 'counter',
    unit: '{counter}',
    labels: [],
    brief: 'Counters that were deleted because nothing of them is used any more.',
  },
  'palisade.runs.decisions': {
    kind: 'counter',
    unit: '{decision}',
    labels: ['palisade.store', 'palisade.run.outcome'],
    brief: 'Decisions that had to do with a run. One that moved is told beside how it ended.',
  },
  'palisade.runs.open': {
    kind: 'gauge',
    unit: '{run}',
    labels: [],
    together: 'max',
    brief: 'Trees of runs that are open, of all processes; told by the one that sweeps.',
  },
  'palisade.runs.forgotten': {
    kind: 'counter',
    unit: '{run}',
    labels: [],
    brief: 'Trees of runs that were deleted a while after their end.',
  },
  'palisade.repeats': {
    kind: 'counter',
    unit: '{request}',
    labels: ['palisade.store', 'palisade.repeat'],
    brief: 'Requests under an idempotency key that an earlier request had taken.',
  },
  'palisade.outcomes': {
    kind: 'counter',
    unit: '{report}',
    labels: ['palisade.store', 'palisade.outcome'],
    brief: 'Reports of outcomes that were recorded and settled.',
  },
  'palisade.outcomes.reconciled': {
    kind: 'counter',
    unit: '{report}',
    labels: [],
    brief: 'Reports found in the log that their process had not settled.',
  },
} as const satisfies Record<string, MetricDefinition>;
