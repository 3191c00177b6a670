import { NOTHING_HELD } from '../../../services/pdp/entities/held-entities.ts';
import { NO_ENTITIES, type StoreEntities } from '../../../services/pdp/entities/store-entities.ts';

/** A store that holds nothing, at a state. */
export function nothingAt(sequence: bigint): StoreEntities {
  return { ...NO_ENTITIES, held: { ...NOTHING_HELD, sequence } };
}
