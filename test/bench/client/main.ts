/** The client of the benchmarks, in a process of its own so that its work is not the servers'. */
import { batchLanes, streamLanes, unaryLanes } from './grpc.ts';
import { type Lanes, runLoad } from './load.ts';
import type { LoadKind, LoadOrder } from './messages.ts';
import { restLanes } from './rest.ts';

const LANES: Readonly<Record<LoadKind, (order: LoadOrder) => Lanes>> = {
  'grpc/unary': unaryLanes,
  'grpc/stream': streamLanes,
  'grpc/batch100': batchLanes,
  'rest/unary': restLanes,
};

process.on('message', (order: LoadOrder) => void run(order));
process.once('disconnect', () => process.exit());
process.send?.('ready');

async function run(order: LoadOrder): Promise<void> {
  const lanes = LANES[order.kind](order);
  try {
    process.send?.(await runLoad(lanes, order));
  } finally {
    lanes.close();
  }
}
