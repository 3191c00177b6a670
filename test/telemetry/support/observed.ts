import { type OtlpReceiver, withOtlpReceiver } from '../../support/otlp/receiver.ts';
import { deployPolicies, type ServerProcess, type ServerWorld, withWorld } from '../../support/server.ts';
import { useScope } from '../../support/use-scope.ts';

/** A server that tells everything to a receiver of OTLP. */
export interface Observed {
  readonly world: ServerWorld;
  readonly server: ServerProcess;
  readonly receiver: OtlpReceiver;
  /** Digest of the bundle that is deployed, the policies of policies/coding-agent. */
  readonly digest: string;
}

export type Protocol = 'grpc' | 'http/protobuf';

/** Sends often, so that no test waits for it. */
export const SENT_OFTEN = {
  OTEL_BSP_SCHEDULE_DELAY: '50',
  OTEL_BLRP_SCHEDULE_DELAY: '50',
  OTEL_METRIC_EXPORT_INTERVAL: '200',
  OTEL_METRIC_EXPORT_TIMEOUT: '200',
} as const;

/** Where a receiver is, in the words of OpenTelemetry. */
export function sentTo(
  { grpcUrl, httpUrl }: Pick<OtlpReceiver, 'grpcUrl' | 'httpUrl'>,
  protocol: Protocol,
): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? grpcUrl : httpUrl,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
  };
}

/** Runs `body` beside a server of its own that is observed. @param environment of the server. */
export function withObserved<T>(
  protocol: Protocol,
  environment: Readonly<Record<string, string>>,
  body: (observed: Observed) => Promise<T>,
): Promise<T> {
  return withOtlpReceiver((receiver) =>
    withWorld(async (world) => {
      const server = await world.serve({ ...SENT_OFTEN, ...sentTo(receiver, protocol), ...environment });
      const digest = await deployPolicies(world, server.addresses.admin, 'policies/coding-agent');

      return body({ world, server, receiver, digest });
    }),
  );
}

/** One server for all tests of a file. */
export function useObserved(
  protocol: Protocol,
  environment: Readonly<Record<string, string>>,
): () => Observed {
  return useScope((body) => withObserved(protocol, environment, body));
}

/** Text of `/metrics`, as OpenMetrics. */
export async function metricsOf(server: ServerProcess): Promise<string> {
  const accept = 'application/openmetrics-text';
  const response = await fetch(`http://${server.addresses.admin}/metrics`, { headers: { accept } });

  return response.text();
}
