import type { MetricDefinition } from './metric-definition.ts';

/** Of the decision log and its spool. */
export const LOG_METRICS = {
  'palisade.log.recorded': {
    kind: 'counter',
    unit: '{record}',
    labels: [],
    brief: 'Decision records written to the spool.',
  },
  'palisade.log.drained': {
    kind: 'counter',
    unit: '{record}',
    labels: [],
    brief: 'Decision records brought to PostgreSQL, those of gone processes included.',
  },
  'palisade.log.refused': {
    kind: 'counter',
    unit: '{record}',
    labels: [],
    brief: 'Spool lines that PostgreSQL cannot hold as records, kept as bytes.',
  },
  'palisade.log.dropped': {
    kind: 'counter',
    unit: '{record}',
    labels: [],
    brief: 'Records lost at level `async`.',
  },
  'palisade.log.sealed': {
    kind: 'counter',
    unit: '{segment}',
    labels: [],
    brief: 'Spool segments closed by a failed write.',
  },
  'palisade.log.stranded': {
    kind: 'gauge',
    unit: '{folder}',
    labels: [],
    together: 'max',
    brief: 'Spool folders of processes that cannot be looked up from here.',
  },
  'palisade.log.blocked': {
    kind: 'gauge',
    unit: '{state}',
    labels: [],
    together: 'max',
    brief: '1 while PostgreSQL takes no records or the spool cannot be read.',
  },
  'palisade.spool.records': {
    kind: 'gauge',
    unit: '{record}',
    labels: [],
    together: 'sum',
    brief: 'Records of this process that wait for PostgreSQL.',
  },
  'palisade.spool.size': {
    kind: 'gauge',
    unit: 'By',
    labels: [],
    together: 'sum',
    brief: 'What the spool holds on disk.',
  },
  'palisade.spool.capacity': {
    kind: 'gauge',
    unit: 'By',
    labels: [],
    together: 'sum',
    brief: 'What it may hold.',
  },
  'palisade.spool.oldest_age': {
    kind: 'gauge',
    unit: 's',
    labels: [],
    together: 'max',
    brief: 'Age of the oldest record that waits for PostgreSQL; 0 where none does.',
  },
} as const satisfies Record<string, MetricDefinition>;
