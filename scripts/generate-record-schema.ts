import { z } from 'zod';
import { decisionRecordSchema } from '../services/ledger/record.ts';

/** The JSON Schema (2020-12) of a decision record as it is written. */
export function generateRecordSchema(): string {
  // `meta` on the bigints says what they are in JSON.
  const schema = z.toJSONSchema(decisionRecordSchema, { target: 'draft-2020-12', unrepresentable: 'any' });

  return `${JSON.stringify(
    {
      title: 'Palisade decision record',
      description:
        'The index part of a record of the decision log: one JSON text without spaces, hashed exactly as it is written.',
      ...schema,
    },
    null,
    2,
  )}\n`;
}
