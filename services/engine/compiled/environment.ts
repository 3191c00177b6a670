import type { Entity } from '../data/entity.ts';
import type { EvaluationRequest } from '../evaluator.ts';
import { closureBy } from '../reach.ts';
import type { ScopeRequest } from '../slice/policy-index.ts';
import type { CedarRecord, EntityUid } from '../value/value.ts';
import type { Environment } from './expression.ts';
import type { Constant } from './literals.ts';

/** Of each action, by key, the keys of the groups that it is in. */
export type ActionGroups = ReadonlyMap<string, ReadonlySet<string>>;

/** One request as policies see it. What most of them read, the entities of principal and resource, is looked up once. */
export class RequestEnvironment implements Environment {
  readonly principal: EntityUid;
  readonly action: EntityUid;
  readonly resource: EntityUid;
  readonly context: CedarRecord;
  readonly constants: readonly Constant[];
  readonly #entity: EvaluationRequest['entity'];
  readonly #principal: Entity | undefined;
  readonly #resource: Entity | undefined;
  readonly #groups: ActionGroups;

  constructor(request: EvaluationRequest, constants: readonly Constant[], groups: ActionGroups) {
    const { principal, action, resource, context, entity } = request;
    this.principal = principal;
    this.action = action;
    this.resource = resource;
    this.context = context;
    this.constants = constants;
    this.#entity = entity;
    this.#principal = entity(principal.key);
    this.#resource = entity(resource.key);
    this.#groups = groups;
  }

  /** What policies are selected by. */
  scope(): ScopeRequest {
    return {
      principal: { type: this.principal.type, keys: closureBy(this.principal, this.#principal) },
      action: this.action.key,
      resource: { type: this.resource.type, keys: closureBy(this.resource, this.#resource) },
    };
  }

  entityOf(uid: EntityUid): Entity | undefined {
    if (uid === this.principal) return this.#principal;
    if (uid === this.resource) return this.#resource;

    return this.#entity(uid.key);
  }

  isIn(entity: EntityUid, above: EntityUid): boolean {
    if (entity.key === above.key) return true;
    const ancestors = this.entityOf(entity)?.ancestors ?? this.#groups.get(entity.key);

    return ancestors?.has(above.key) === true;
  }
}
