import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { mountsOf, readCompose, replicas, serviceOf } from './support/compose.ts';
import { ranWith } from './support/program.ts';

const compose = readCompose();
const PDPS = replicas(compose);

interface Pipeline {
  readonly receivers: readonly string[];
  readonly processors: readonly string[];
  readonly exporters: readonly string[];
}

describe('the OpenTelemetry Collector', () => {
  const FILE = 'deploy/otel-collector.yaml';
  const config = yaml(FILE) as {
    receivers: { otlp: { protocols: { grpc: { endpoint: string } } } };
    processors: object;
    exporters: Record<string, { endpoint?: string }>;
    service: { pipelines: Record<string, Pipeline> };
  };
  const pipelines = Object.entries(config.service.pipelines);

  test('makes its pipelines of parts that are configured, and uses all of them', () => {
    for (const kind of ['receivers', 'processors', 'exporters'] as const) {
      const used = new Set(pipelines.flatMap(([, pipeline]) => pipeline[kind]));

      expect(used).toEqual(new Set(Object.keys(config[kind])));
    }
  });

  test('is guarded against too much before anything else', () => {
    for (const [, { processors }] of pipelines) expect(processors[0]).toBe('memory_limiter');
  });

  test('listens where the replicas send, for each signal that they send', () => {
    const { port } = new URL(`tcp://${config.receivers.otlp.protocols.grpc.endpoint}`);
    for (const [, { environment = {} }] of PDPS) {
      expect(environment['OTEL_EXPORTER_OTLP_ENDPOINT']).toBe(`http://otel-collector:${port}`);
      expect(environment['OTEL_EXPORTER_OTLP_PROTOCOL']).toBe('grpc');
      expect(environment['OTEL_METRICS_EXPORTER']).toBe('none');
    }
    expect(serviceOf(compose, 'otel-collector').networks).toEqual(['front']);
    expect(pipelines.map(([signal]) => signal)).toEqual(['traces', 'logs']);
  });

  test('sends to services that there are', () => {
    const endpoints = Object.values(config.exporters).flatMap(({ endpoint }) => endpoint ?? []);

    expect(endpoints.map((endpoint) => endpoint.split(':')[0])).toEqual(['jaeger']);
    expect(compose.services).toHaveProperty('jaeger');
  });

  test('is started with this file', () => {
    const service = serviceOf(compose, 'otel-collector');
    const [mount] = mountsOf(service);

    expect(mount).toMatchObject({ source: `./${FILE}` });
    expect(service.command).toEqual([`--config=${mount?.target}`]);
  });

  test('takes the file', ({ skip }) => {
    const program = ['otelcol-contrib', 'otelcol'].find((name) => ranWith(name, ['--version'])?.ok);
    if (program === undefined) return skip('no otelcol-contrib or otelcol on the PATH');

    expect(ranWith(program, ['validate', `--config=file:${FILE}`])).toMatchObject({ ok: true });
  });
});

describe('Prometheus', () => {
  const FILE = 'deploy/prometheus/prometheus.yaml';
  const service = serviceOf(compose, 'prometheus');
  const config = yaml(FILE) as {
    rule_files: readonly string[];
    scrape_configs: readonly {
      job_name: string;
      scheme: string;
      tls_config: { ca_file: string };
      static_configs: readonly { targets: readonly string[] }[];
    }[];
  };
  const [scrape] = config.scrape_configs;

  test('asks each replica where it administers, by a name that it answers to', () => {
    const targets = PDPS.map(([name, { environment = {} }]) => {
      expect(environment['PALISADE_ALLOWED_HOSTS']?.split(',')).toContain(name);

      return `${name}:${environment['PALISADE_ADMIN_ADDRESS']?.split(':')[1]}`;
    });

    expect(scrape).toMatchObject({ job_name: 'palisade', scheme: 'https', static_configs: [{ targets }] });
  });

  test('trusts the authority that signs their certificates, and reads the alerts', () => {
    const mounts = mountsOf(service);
    const authority = mounts.find(({ source }) => source === 'ca');

    expect(scrape?.tls_config.ca_file).toBe(`${authority?.target}/ca.pem`);
    expect(mounts).toContainEqual({
      source: `./${dirname(FILE)}`,
      target: '/etc/prometheus',
      readOnly: true,
    });
    expect(config.rule_files).toEqual(['alerts.yaml']);
    expect(service.command).toContain('--config.file=/etc/prometheus/prometheus.yaml');
  });

  test('keeps exemplars', () => {
    expect(service.command).toContain('--enable-feature=exemplar-storage');
  });

  test('takes the file', ({ skip }) => {
    const ran = ranWith('promtool', ['check', 'config', '--syntax-only', FILE]);
    if (ran === undefined) return skip('no promtool on the PATH');

    expect(ran).toMatchObject({ ok: true });
  });
});

describe('Grafana', () => {
  const folder = 'deploy/grafana/provisioning';
  const mounts = mountsOf(serviceOf(compose, 'grafana'));

  test('draws from services that there are, and knows where traces are', () => {
    const { datasources } = yaml(join(folder, 'datasources/palisade.yaml')) as {
      datasources: readonly {
        uid: string;
        url: string;
        jsonData?: { exemplarTraceIdDestinations: readonly { name: string; datasourceUid: string }[] };
      }[];
    };
    for (const { url } of datasources) {
      const { hostname, port } = new URL(url);
      // Both publish the port that they listen on.
      expect(serviceOf(compose, hostname).ports).toEqual([`127.0.0.1:${port}:${port}`]);
    }

    expect(datasources[0]?.jsonData?.exemplarTraceIdDestinations).toEqual([
      { name: 'trace_id', datasourceUid: 'jaeger' },
    ]);
    expect(datasources.map(({ uid }) => uid)).toContain('jaeger');
  });

  test('finds its dashboards', () => {
    const { providers } = yaml(join(folder, 'dashboards/palisade.yaml')) as {
      providers: readonly { options: { path: string } }[];
    };
    const at = mounts.find(({ source }) => source === './deploy/grafana/dashboards');

    expect(providers.map(({ options }) => options.path)).toEqual([at?.target]);
    expect(mounts).toContainEqual({
      source: `./${folder}`,
      target: '/etc/grafana/provisioning',
      readOnly: true,
    });
  });
});

function yaml(file: string): unknown {
  return parse(readFileSync(file, 'utf8'));
}
