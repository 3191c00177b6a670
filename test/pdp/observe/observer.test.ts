import { expect, test } from 'vitest';
import { PdpError } from '../../../services/engine/error.ts';
import { createMetrics, type Metrics } from '../../../services/telemetry/metrics.ts';
import { quietObserver } from '../../support/observer.ts';

/** Metrics that nothing can be told. */
const BROKEN: Metrics = {
  ...createMetrics(),
  add() {
    throw new Error('broken');
  },
  record() {
    throw new Error('broken');
  },
};

test('whoever tells of a decision learns nothing of telemetry that fails', () => {
  const observer = quietObserver(BROKEN);
  const trace = observer.begin([]);
  const error = new PdpError('unavailable', 'too late');
  const notes = { steps: [], notable: false };
  const operation = { kind: 'rpc', method: 'Authorize' } as const;

  expect(() => observer.refused(error, 'rest')).not.toThrow();
  expect(() => observer.shed(1, error, 'grpc')).not.toThrow();
  expect(() => observer.answered({ operation, trace, notes, startedAt: 0, error })).not.toThrow();
  expect(() =>
    observer.responded({ method: 'GET', route: '/livez', status: 200, startedAt: 0, trace }),
  ).not.toThrow();
});
