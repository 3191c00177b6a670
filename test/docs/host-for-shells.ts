import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import type { HostedCommand } from '../cli/support/host.ts';
import { startHost } from '../cli/support/run.ts';

/** Runs the command lines that `hosted.js` hands over. */
export interface HostForShells {
  readonly socket: string;
  stop(): Promise<void>;
}

export async function startHostForShells(socket: string): Promise<HostForShells> {
  const host = startHost();
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    connection.on('error', () => undefined);
    text(connection)
      .then((command) => host.run(JSON.parse(command) as HostedCommand))
      .then(
        (ran) => connection.end(JSON.stringify(ran)),
        () => connection.destroy(),
      );
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));

  return {
    socket,
    async stop() {
      host.stop();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
