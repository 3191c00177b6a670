import type { JsonValue } from '../../services/ledger/json.ts';
import type { JsonMembers, Reply } from './agent/messages.ts';
import type { Wanted } from './wanted.ts';

/** A story that is told by what really happens: each answer must be the one that it wants. */
export interface Demo {
  readonly name: string;
  /** One sentence on what it shows. */
  readonly about: string;
  /** The folder of the bundle that each policy store runs; no other demo has a store of that name. */
  readonly stores: Readonly<Record<string, string>>;
  /** Who asks. */
  readonly agents: readonly Actor[];
  /** Who may be asked. */
  readonly people?: readonly Actor[];
  /** @throws Unexpected at the first answer that is another one. */
  play(scene: Scene): Promise<void>;
}

/** An agent or a person, and what its credential may do: that of a runtime, or that of an approver. */
export interface Actor {
  /** By which the story calls it. */
  readonly name: string;
  readonly store: string;
  /** Whom it may speak for, as Cedar text: `Agent::"receipt-bot"`. */
  readonly principals: readonly string[];
}

/** What the agent wants to do. */
export interface ToolCall {
  /** As Cedar text: `Agent::"receipt-bot"`. */
  readonly principal: string;
  /** The id of the action, such as `email_send`. */
  readonly action: string;
  readonly resource: string;
  readonly context?: JsonMembers;
  /** Cedar JSON. */
  readonly entities?: readonly JsonMembers[];
  /** The run that it belongs to. */
  readonly run?: string;
  /** The id of an approval of exactly this call. */
  readonly approval?: string;
  /** Other members of an AuthorizeRequest. */
  readonly members?: JsonMembers;
}

/** A reply, and its record once it is in the log. */
export interface Answer {
  readonly reply: Reply;
  readonly record: LoggedDecision;
}

/** The members of a decision record that a demo looks at; see schemas/decision-record.schema.json. */
export interface LoggedDecision {
  readonly decision_id: string;
  readonly time: string;
  readonly decision: string;
  readonly reason_code: string;
  readonly determining: readonly string[];
  /** What the bundle lets people see of the context, by path. */
  readonly disclosed?: Readonly<Record<string, JsonValue>>;
  readonly process: { readonly process_id: string };
}

/** What a story is told with. */
export interface Scene {
  tell(text: string): void;
  /** Shows something that the step is about. */
  show(label: string, value: JsonValue | undefined): void;
  /** Has an agent ask for one tool call. @throws Unexpected where the answer is not the wanted one. */
  ask(agent: string, call: ToolCall, wanted: Wanted): Promise<Answer>;
  /** Has an agent ask for all of them at the same time. @param wanted how many answers there must be of each reason code. */
  askAtOnce(
    agent: string,
    calls: readonly ToolCall[],
    wanted: Readonly<Record<string, number>>,
  ): Promise<readonly Reply[]>;
  /** Has an agent ask for what is refused before anything is decided. @param wanted what the error must hold. */
  askInVain(agent: string, call: ToolCall, wanted: string): Promise<void>;
  /**
   * Has an agent report what came of an allowed call.
   * @param report the members of a ReportOutcomeRequest, but for the decision's id. @param charged what each limit counts for it then.
   */
  report(
    agent: string,
    answer: Pick<Answer, 'reply'>,
    report: JsonMembers,
    charged: Readonly<Record<string, number>>,
  ): Promise<void>;
  /** Opens a run of an agent for a principal, in another run if one is named. */
  startRun(agent: string, principal: string, parent?: string): Promise<string>;
  /** Ends it, and shows what it was marked by. */
  endRun(agent: string, run: string): Promise<void>;
  /** Has an agent wait for people. @throws Unexpected where they say something else than is wanted. */
  waitFor(agent: string, approval: string, wanted: 'approved' | 'denied'): Promise<void>;
  /**
   * Runs `palisade` as one of the people, or as the administrator, and shows what it prints.
   * @param refused what it must say where it is to be refused. @throws Unexpected where it ends otherwise.
   */
  palisade(who: string, args: readonly string[], refused?: string): Promise<string>;
  /** @throws Unexpected where it does not hold. */
  expect(holds: boolean, what: string): void;
}
