import type { MetricDefinition } from './metric-definition.ts';

/** What people are to hear of: approvals, break-glass, and the events that tell them. */
export const EVENT_METRICS = {
  'palisade.approvals.waiting': {
    kind: 'gauge',
    unit: '{call}',
    labels: [],
    together: 'sum',
    brief: 'Calls of runtimes that wait for people to answer.',
  },
  'palisade.approvals.expired': {
    kind: 'counter',
    unit: '{approval}',
    labels: [],
    brief:
      'Questions that nobody answered, or approvals that nobody used, in time; told by the process that sweeps.',
  },
  'palisade.approvals.unknown': {
    kind: 'gauge',
    unit: '{approval}',
    labels: [],
    together: 'max',
    brief:
      'Approvals that were consumed more than a minute ago by decisions that are not in the log. They stay consumed.',
  },
  'palisade.approvals.reconciled': {
    kind: 'counter',
    unit: '{approval}',
    labels: [],
    brief: 'Consumed approvals whose decision was found in the log, of which its process did not tell.',
  },
  'palisade.break_glass.open': {
    kind: 'gauge',
    unit: '{break_glass}',
    labels: ['palisade.store'],
    together: 'max',
    brief: 'Break-glasses of the store that are open, by the clocks of the process.',
  },
  'palisade.break_glass.decisions': {
    kind: 'counter',
    unit: '{decision}',
    labels: ['palisade.store', 'palisade.decision'],
    brief: 'Decisions that a break-glass was a fact of, whether or not a policy yielded to it.',
  },
  'palisade.webhooks.attempts': {
    kind: 'counter',
    unit: '{attempt}',
    labels: ['palisade.webhook', 'palisade.webhook.outcome'],
    brief: 'Attempts to tell an endpoint of an event.',
  },
  'palisade.webhooks.given_up': {
    kind: 'counter',
    unit: '{event}',
    labels: ['palisade.webhook'],
    brief: 'Events that an endpoint has not taken for a day and is not told any more.',
  },
  'palisade.webhooks.waiting': {
    kind: 'gauge',
    unit: '{event}',
    labels: ['palisade.webhook'],
    together: 'max',
    brief: 'Events that an endpoint has not taken yet, of all processes.',
  },
  'palisade.webhooks.oldest_age': {
    kind: 'gauge',
    unit: 's',
    labels: ['palisade.webhook'],
    together: 'max',
    brief: 'For how long the oldest of them has waited; 0 where none does.',
  },
} as const satisfies Record<string, MetricDefinition>;
