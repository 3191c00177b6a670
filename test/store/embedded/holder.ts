/** A process that holds an embedded server until it is told to stop, or killed. Prints `{pid, reused}` when it is up. */
import { startEmbeddedPostgres } from '../../../services/store/embedded/embedded-postgres.ts';

const [dataDir = ''] = process.argv.slice(2);
const server = await startEmbeddedPostgres({ dataDir, disposable: true });
process.once('SIGTERM', () => void server.stop());
process.stdout.write(`${JSON.stringify({ pid: server.pid, reused: server.reused })}\n`);
