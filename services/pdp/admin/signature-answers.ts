import * as z from 'zod';
import type {} from 'zod-openapi';
import { SIGNATURE_STATES } from '../../bundles/signature/judge.ts';
import { count, digest, time } from './answer-parts.ts';

// What administration answers about signatures, for the OpenAPI document.

export const PushedSignature = z
  .strictObject({
    digest,
    store: z.string(),
    key: z.string().meta({ description: 'RFC 7638 thumbprint of the key that it names.' }),
    issued_at: time,
    expires_at: time,
    created: z.boolean().meta({ description: 'False: the same signature was there already.' }),
  })
  .meta({ id: 'PushedSignature' });

export const SignatureList = z
  .strictObject({
    signatures: z.array(
      z.strictObject({
        store: z.string(),
        key: z.string(),
        issued_at: time.optional(),
        expires_at: time.optional(),
        state: z.enum(SIGNATURE_STATES).meta({
          description:
            'Whether it counts now for its store; `unknown_key`: the store does not require that key.',
        }),
        reason: z.string().optional().meta({ description: 'Why it does not count.' }),
        signature: z.string().meta({ description: 'The JWS, in compact serialization.' }),
        created_at: time,
        created_by: z.string().meta({ description: 'Name of the credential that pushed it.' }),
      }),
    ),
  })
  .meta({ id: 'SignatureList', description: 'For the stores that the credential names, newest first.' });

const RequiredKey = z.strictObject({
  kid: z.string(),
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
});

export const RequirementProposal = z
  .strictObject({
    id: z.string(),
    store: z.string(),
    threshold: count,
    keys: z.array(RequiredKey),
    proposed_by: z.string(),
    reason: z.string(),
    created_at: time,
    expires_at: time,
  })
  .meta({ id: 'RequirementProposal' });

export const SignatureRequirement = z
  .strictObject({
    store: z.string(),
    sequence: count.meta({ description: '0: nothing was ever required.' }),
    threshold: count.meta({ description: 'How many of the keys must have signed; 0: none.' }),
    keys: z.array(RequiredKey),
    proposed_by: z.string().optional(),
    approved_by: z.string().optional(),
    reason: z.string().optional(),
    created_at: time.optional(),
    bundles: z
      .array(
        z.strictObject({
          digest,
          name: z.string(),
          satisfied: z.boolean().optional(),
          signed: z.array(z.string()).optional().meta({ description: 'Keys with a valid signature.' }),
          missing: z.array(z.string()).optional().meta({ description: 'Keys without one.' }),
          until: time.optional().meta({ description: 'Until when it is satisfied.' }),
        }),
      )
      .meta({ description: 'What the store runs, and how it stands by the requirement.' }),
    proposals: z.array(RequirementProposal).meta({ description: 'Those that can still be approved.' }),
  })
  .meta({ id: 'SignatureRequirement' });

export const ApprovedRequirement = z
  .strictObject({ store: z.string(), sequence: count, proposal: z.string() })
  .meta({ id: 'ApprovedRequirement' });

export const RejectedRequirement = ApprovedRequirement.omit({ sequence: true }).meta({
  id: 'RejectedRequirement',
});
