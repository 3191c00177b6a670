import type { Demo } from './demo.ts';
import { codingAgent } from './stories/coding-agent.ts';
import { receipts } from './stories/receipts.ts';
import { sharedContext } from './stories/shared-context.ts';
import { trading } from './stories/trading.ts';

/** Every demo, in the order in which somebody new would watch them. */
export const DEMOS: readonly Demo[] = [receipts, trading, sharedContext, codingAgent];
