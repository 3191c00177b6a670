import { describe, expect, test } from 'vitest';
import { traceContext } from '../../services/telemetry/trace-context.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

/** Keeps what the caller keeps, and none that begins here. */
const FOLLOW = (_traceId: string, parentSampled: boolean | undefined) => parentSampled ?? false;

describe('traceContext()', () => {
  test.each([
    ['01', true],
    ['00', false],
    ['03', true],
    ['fe', false],
  ])('continues a well-formed trace with flags %s', (flags, sampled) => {
    expect(traceContext(FOLLOW, [`00-${TRACE}-${SPAN}-${flags}`])).toEqual({
      trace_id: TRACE,
      span_id: expect.stringMatching(/^[0-9a-f]{16}$/),
      state: undefined,
      parent_span_id: SPAN,
      sampled,
    });
  });

  test.each([
    ['nothing', []],
    ['an empty value', ['']],
    ['two values', [`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`]],
    ['another version', [`01-${TRACE}-${SPAN}-01`]],
    ['version ff', [`ff-${TRACE}-${SPAN}-01`]],
    ['upper-case hex', [`00-${TRACE.toUpperCase()}-${SPAN}-01`]],
    ['a trace id of zeros', [`00-${'0'.repeat(32)}-${SPAN}-01`]],
    ['a span id of zeros', [`00-${TRACE}-${'0'.repeat(16)}-01`]],
    ['a short trace id', [`00-${TRACE.slice(1)}-${SPAN}-01`]],
    ['more after the flags', [`00-${TRACE}-${SPAN}-01-x`]],
    ['a line break after the flags', [`00-${TRACE}-${SPAN}-01\n`]],
    ['space around it', [` 00-${TRACE}-${SPAN}-01`]],
  ])('begins a new trace for %s', (_what, values) => {
    const trace = traceContext(FOLLOW, values);

    expect(trace.trace_id).toMatch(/^[0-9a-f]{32}$/);
    expect(trace.trace_id).not.toBe(TRACE);
    expect(trace).toMatchObject({ parent_span_id: undefined, state: undefined, sampled: false });
  });

  test('passes on what the caller calls its state, unless that is long or said twice', () => {
    const traceparent = `00-${TRACE}-${SPAN}-01`;
    const state = (values: string[]) => traceContext(FOLLOW, [traceparent], values).state;

    expect(state(['vendor=1'])).toBe('vendor=1');
    expect(state(['x'.repeat(513)])).toBeUndefined();
    expect(state(['a=1', 'b=2'])).toBeUndefined();
    expect(traceContext(FOLLOW, [], ['vendor=1']).state).toBeUndefined();
  });

  test('gives every call a span of its own', () => {
    const ids = Array.from({ length: 1_000 }, () => traceContext(FOLLOW, []));

    expect(new Set(ids.map(({ trace_id }) => trace_id)).size).toBe(1_000);
    expect(new Set(ids.map(({ span_id }) => span_id)).size).toBe(1_000);
  });
});
