/** One attribute: its type, and what it says. From these the page on telemetry is made. */
export interface AttributeDefinition {
  readonly type: 'string' | 'string[]' | 'int';
  /** Named by OpenTelemetry's semantic conventions; the others are our own. */
  readonly standard?: true;
  readonly brief: string;
}

/**
 * Every attribute that leaves this process, on spans, log events and metrics. Nothing of a request's context or entities is
 * among them but what the bundle's `record.allow` discloses.
 */
export const ATTRIBUTES = {
  'palisade.store': { type: 'string', brief: 'Policy store that was asked.' },
  'palisade.decision': { type: 'string', brief: '`allow` or `deny`, as replied.' },
  'palisade.reason_code': { type: 'string', brief: 'Why, from the closed set of reason codes.' },
  'palisade.limit.outcome': {
    type: 'string',
    brief:
      '`consumed`, `exceeded`, or `lost_race` where another decision was faster after the state was read.',
  },
  'palisade.webhook': { type: 'string', brief: 'Endpoint that is told of events, by its configured name.' },
  'palisade.webhook.outcome': { type: 'string', brief: '`delivered` or `failed`, of one attempt.' },
  'palisade.run.outcome': {
    type: 'string',
    brief:
      '`taken` where an allow counted in its run, `refused` where the run did not stand, or `moved` where another call was faster after it was read.',
  },
  'palisade.repeat': {
    type: 'string',
    brief:
      '`replayed`: the same request got its first reply; `unfinished`: that is not there yet; `conflict`: it was another request.',
  },
  'palisade.outcome': {
    type: 'string',
    brief: 'What an allowed call came to, as it was reported: `success` or `failure`.',
  },
  'palisade.decision_id': {
    type: 'string',
    brief: 'UUIDv7 of the decision record: `palisade log show <id>`.',
  },
  'palisade.bundle.digest': { type: 'string', brief: 'Bundle that was evaluated, `sha256:<64 hex>`.' },
  'palisade.bundle.name': { type: 'string', brief: 'Its name.' },
  'palisade.bundle.version': { type: 'string', brief: 'Its version.' },
  'palisade.state_sequence': {
    type: 'int',
    brief: 'State of the store that decided: of its newest deployment, write of entities or break-glass.',
  },
  'palisade.principal': { type: 'string', brief: 'Entity that asked, as Cedar text, cut at 256 units.' },
  'palisade.action': { type: 'string', brief: 'Action, as Cedar text, cut at 256 units.' },
  'palisade.resource': { type: 'string', brief: 'Resource, as Cedar text, cut at 256 units.' },
  'palisade.subject': { type: 'string', brief: "The credential's stable name, or `anonymous`." },
  'palisade.transport': { type: 'string', brief: '`grpc`, `rest` or `in_process`.' },
  'palisade.mode': { type: 'string', brief: '`enforce`, or `check` for a decision that nobody may act on.' },
  'palisade.enforcement': { type: 'string', brief: '`enforced`, `monitored` or `check_only`.' },
  'palisade.policy_decision': {
    type: 'string',
    brief: 'What the policies say, also where that is only monitored and another decision is replied.',
  },
  'palisade.arm': { type: 'string', brief: '`active`, or `canary` where the candidate decided.' },
  'palisade.severity': {
    type: 'string',
    brief: '`critical` where somebody has to look at a decision; absent otherwise.',
  },
  'palisade.break_glass': { type: 'string', brief: 'The break-glass that the decision was made under.' },
  'palisade.role': { type: 'string', brief: 'Of a candidate: `canary` or `shadow`.' },
  'palisade.action_taken': {
    type: 'string',
    brief: 'What a limit made of a canary: `end_canary` or `freeze`.',
  },
  'palisade.cedar_decision': {
    type: 'string',
    brief: 'What Cedar alone answers: it skips policies that fail.',
  },
  'palisade.determining_policies': {
    type: 'string[]',
    brief: 'Ids of the policies that decided, the first 32.',
  },
  'palisade.policy_codes': { type: 'string[]', brief: 'Their `@code` annotations.' },
  'palisade.policy_errors': { type: 'string[]', brief: 'Ids of the policies that failed, the first 32.' },
  'palisade.policy_id': { type: 'string', brief: 'A policy; past 500 series of one process `_other`.' },
  'palisade.message': { type: 'string', brief: '`@reason` of the deciding policy.' },
  'palisade.request_id': { type: 'string', brief: "The caller's own correlation." },
  'palisade.request_digest': { type: 'string', brief: 'What was asked, `sha256:<64 hex>`.' },
  'palisade.run_id': { type: 'string', brief: 'Agent execution, in its own words.' },
  'palisade.facts': { type: 'string', brief: 'What the PDP asserted as `context.pdp`, as JSON.' },
  'palisade.disclosed': {
    type: 'string',
    brief: "Context under the bundle's `record.allow`, as JSON, cut at 4,096 units.",
  },
  'palisade.evaluator': { type: 'string', brief: 'Evaluator and the version of Cedar that it implements.' },
  'palisade.error.field': { type: 'string', brief: 'Part of the request that is at fault.' },
  'palisade.batch.size': { type: 'int', brief: 'Requests in a batch.' },
  'palisade.process_id': { type: 'string', brief: 'This process in the decision log; on the resource.' },
  'error.type': {
    type: 'string',
    standard: true,
    brief: 'Error code of the contract, where the call failed.',
  },
  'gen_ai.agent.id': { type: 'string', standard: true, brief: 'Agent, in its own words.' },
  'gen_ai.tool.name': {
    type: 'string',
    standard: true,
    brief: 'Tool that is to be called, in its own words.',
  },
  'gen_ai.tool.call.id': { type: 'string', standard: true, brief: 'The tool call, in its own words.' },
  'gen_ai.conversation.id': { type: 'string', standard: true, brief: 'The conversation, in its own words.' },
  'rpc.system.name': { type: 'string', standard: true, brief: '`grpc`.' },
  'rpc.method': { type: 'string', standard: true, brief: 'Fully qualified method of the contract.' },
  'rpc.status_code': { type: 'string', standard: true, brief: 'gRPC status by name, such as `OK`.' },
  'http.request.method': {
    type: 'string',
    standard: true,
    brief: 'A method that HTTP knows, else `_OTHER`.',
  },
  'http.route': { type: 'string', standard: true, brief: 'Route that matched; absent where none did.' },
  'http.response.status_code': { type: 'int', standard: true, brief: 'HTTP status.' },
  'url.scheme': { type: 'string', standard: true, brief: '`http` or `https`.' },
  'url.path': { type: 'string', standard: true, brief: 'Path of the request, cut at 256 units.' },
  'server.address': { type: 'string', standard: true, brief: 'Configured address, never the Host header.' },
  'server.port': { type: 'int', standard: true, brief: 'Configured port.' },
  'db.system.name': { type: 'string', standard: true, brief: '`postgresql`.' },
  'db.operation.name': { type: 'string', standard: true, brief: 'First word of the statement.' },
  'db.query.text': { type: 'string', standard: true, brief: 'The statement, whose values are parameters.' },
  'process.cpu.state': { type: 'string', standard: true, brief: '`user` or `system`.' },
} as const satisfies Record<string, AttributeDefinition>;

export type AttributeName = keyof typeof ATTRIBUTES;

/** The type in TypeScript of an attribute's value. */
interface ValueTypes {
  string: string;
  'string[]': string[];
  int: number;
}

/** Attributes by name, each of its type. */
export type TelemetryAttributes = {
  -readonly [Name in AttributeName]?: ValueTypes[(typeof ATTRIBUTES)[Name]['type']];
};

/** Spans by name, apart from those of calls, which are named after their method or route. */
export const SPANS = {
  'palisade.evaluate': {
    kind: 'internal',
    brief:
      'From the facts to the verdict. The decision stands on the span of the call; in a batch, on each of these.',
  },
  'palisade.record': {
    kind: 'internal',
    brief: 'From the verdict until its record is as durable as configured.',
  },
  'palisade.wait_for_limits': {
    kind: 'internal',
    brief: 'Wait until PostgreSQL has said what is used of limits, or counted the decision.',
  },
  'palisade.wait_for_state': {
    kind: 'internal',
    brief: 'Wait until PostgreSQL told of the sequence that `at_least_sequence` asks for.',
  },
  postgresql: { kind: 'client', brief: 'One statement; named after its first word.' },
} as const;

export type SpanName = Exclude<keyof typeof SPANS, 'postgresql'>;

/** Log events by name. */
export const EVENTS = {
  'palisade.decision':
    'A decision whose record is in the decision log; sent whether or not its trace is sampled.',
  'palisade.error': 'An authenticated call that could not be decided.',
} as const;

export type EventName = keyof typeof EVENTS;
