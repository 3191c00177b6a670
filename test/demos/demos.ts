import { codingAgent } from './coding-agent.ts';
import type { Demo } from './demo.ts';
import { receipts } from './receipts.ts';
import { sharedContext } from './shared-context.ts';
import { trading } from './trading.ts';

/** Every demo, in the order in which somebody new would watch them. */
export const DEMOS: readonly Demo[] = [receipts, trading, sharedContext, codingAgent];
