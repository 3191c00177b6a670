import type { Request } from 'express';
import { z } from 'zod';
import { PdpError } from '../../engine/error.ts';
import { GLASS_PROPOSAL } from '../../store/break-glass/open.ts';
import { REQUIREMENT_KIND } from '../../store/change-requirement.ts';
import { lockStore } from '../../store/deployments.ts';
import { withTransaction } from '../../store/pool.ts';
import {
  approveProposal,
  findProposal,
  listProposals,
  type Proposal,
  propose,
  rejectProposal,
} from '../../store/proposals.ts';
import { DEPLOYMENT_PROPOSAL, setTwoPerson } from '../../store/request-change.ts';
import type { JsonValue } from '../wire/rest/json-text.ts';
import { applyApproved } from './apply-change.ts';
import { approveRequirement } from './approve-requirement.ts';
import { type AdminContext, adminOf, reply, storeOf, visibleStores } from './context.ts';
import { deploymentJson, proposalJson } from './deployment-json.ts';
import { readInput, readQuery } from './input.ts';
import { approveGlass } from './open-glass.ts';
import { recordSetting } from './record-setting.ts';
import { type AdminRoute, createAdminRoutes } from './routes.ts';

/** The kind of a proposal that one person may change a store again. */
const TWO_PERSON_OFF = 'two_person_off';

/** Body of `PUT /v1/stores/{store}/two-person`. */
export const TWO_PERSON = z.strictObject({ enabled: z.boolean(), reason: z.string().max(1_024).default('') });

/** Parameters of `GET /v1/proposals`. */
export const PROPOSALS_QUERY = z.strictObject({
  store: z.string().optional(),
  open: z.enum(['true', 'false']).default('true'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

/** The rule that two persons change what a store enforces, and the proposals that follow from it. */
export function proposalRoutes(context: AdminContext): readonly AdminRoute[] {
  const { poolFor } = context;
  const routes = createAdminRoutes();

  routes.put('/v1/stores/:store/two-person', 'writeSettings', async (request, response) => {
    const store = storeOf(request);
    const { enabled, reason } = await readInput(request, response, TWO_PERSON);
    const author = adminOf(request).subject;
    const answer = await withTransaction(poolFor(request), async (client) => {
      const { twoPerson } = await lockStore(client, store);
      if (twoPerson === enabled) return { status: 200, body: { store, two_person: enabled } };
      if (!enabled) {
        const wanted = { kind: TWO_PERSON_OFF, store, payload: {}, proposedBy: author, reason };

        return { status: 202, body: { proposal: proposalJson(await propose(client, wanted)) } };
      }
      await setTwoPerson(client, store, true);
      await recordSetting(context, request, store, {
        action: 'two_person_on',
        author,
        approver: null,
        reason,
        proposalId: null,
      });

      return { status: 200, body: { store, two_person: true } };
    });
    reply(request, response, answer.status, answer.body);
  });

  routes.get('/v1/proposals', 'readProposals', async (request, response) => {
    const { store, open, limit } = readQuery(request, PROPOSALS_QUERY);
    const visible = visibleStores(request);
    const stores =
      store === undefined ? (visible ?? 'all') : [store].filter((one) => visible?.includes(one) ?? true);
    const proposals = await listProposals(poolFor(request), stores, { open: open === 'true', limit });
    reply(request, response, 200, { proposals: proposals.map(proposalJson) });
  });

  routes.post('/v1/proposals/:id/approve', 'approveProposal', async (request, response) => {
    const { id } = request.params;
    const proposal = await findProposal(poolFor(request), id, visibleStores(request) ?? 'all');
    reply(request, response, 200, await approve(request, proposal));
  });

  routes.post('/v1/proposals/:id/reject', 'rejectProposal', async (request, response) => {
    const { subject } = adminOf(request);
    const stores = visibleStores(request) ?? 'all';
    const rejected = await rejectProposal(poolFor(request), request.params.id, subject, stores);
    reply(request, response, 200, { proposal: proposalJson(rejected) });
  });

  return routes.all;

  async function approve(request: Request, proposal: Proposal): Promise<JsonValue> {
    const { kind, store, id: proposalId, reason } = proposal;
    if (kind === DEPLOYMENT_PROPOSAL) {
      return { deployment: deploymentJson(await applyApproved(context, request, proposal)) };
    }
    const stores = visibleStores(request) ?? 'all';
    if (kind === REQUIREMENT_KIND) {
      const sequence = await approveRequirement(context, request, proposalId, stores);

      return { store, signature_requirement: sequence };
    }
    if (kind === GLASS_PROPOSAL)
      return { break_glass: await approveGlass(context, request, proposalId, stores) };
    if (kind !== TWO_PERSON_OFF)
      throw new PdpError('internal', `nobody knows how to apply a proposal of kind ${kind}`);

    const approver = adminOf(request).subject;
    await approveProposal(poolFor(request), proposalId, approver, stores, async (client) => {
      await lockStore(client, store);
      await setTwoPerson(client, store, false);
      const author = proposal.proposedBy;
      await recordSetting(context, request, store, {
        action: 'two_person_off',
        author,
        approver,
        reason,
        proposalId,
      });
    });

    return { store, two_person: false };
  }
}
