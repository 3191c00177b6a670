import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { EXPORT_BYTES, ExportRefusal, type Intake } from './intake.ts';
import { SIGNALS, type Signal } from './schema.ts';

/** Runs `body` with the three services on a free port of loopback; then cuts off whoever is connected. */
export async function withGrpcServer<T>(intake: Intake, body: (port: number) => Promise<T>): Promise<T> {
  const server = new Server({ 'grpc.max_receive_message_length': EXPORT_BYTES });
  for (const signal of SIGNALS) {
    server.addService({ Export: signal.method }, { Export: exportHandler(signal, intake) });
  }
  try {
    return await body(await listen(server));
  } finally {
    server.forceShutdown();
    // After the cut this only waits until the sockets are gone.
    await new Promise<unknown>((resolve) => server.tryShutdown(resolve));
  }
}

function exportHandler(signal: Signal, intake: Intake) {
  return (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void => {
    intake.receive(signal, call.request).then(
      (bytes) => answer(null, bytes),
      (error: unknown) => answer(statusOf(error)),
    );
  };
}

function statusOf(error: unknown): { code: status; details: string } {
  if (error instanceof ExportRefusal) return { code: error.code, details: error.message };

  return { code: status.INTERNAL, details: String(error) };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}
