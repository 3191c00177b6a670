import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

const texts = z.array(z.string().min(1));
const duration = z.string().regex(/^\d+(ms|s|m|h)$/);
const size = z.string().regex(/^\d+[kmg]$/);
/** `[host address:port:]container port`, in short syntax. */
const port = z.string().regex(/^127\.0\.0\.1:\d+:\d+$/, 'is published beyond 127.0.0.1');
/** `volume or file:path[:ro]`, in short syntax. */
const mount = z.string().regex(/^[^:]+:\/[^:]+(:ro)?$/);

const healthcheck = z.union([
  z.strictObject({ disable: z.literal(true) }),
  z.strictObject({
    test: texts.refine(([kind]) => kind === 'CMD', 'goes through a shell'),
    interval: duration,
    timeout: duration,
    retries: z.int().positive(),
    start_period: duration,
    start_interval: duration,
  }),
]);

const dependency = z.strictObject({
  condition: z.enum(['service_started', 'service_healthy', 'service_completed_successfully']),
});

const service = z.strictObject({
  build: z.string().optional(),
  image: z.string(),
  entrypoint: texts.optional(),
  command: texts.optional(),
  environment: z.record(z.string(), z.string()).optional(),
  volumes: z.array(mount).optional(),
  tmpfs: texts.optional(),
  ports: z.array(port).optional(),
  networks: texts.optional(),
  network_mode: z.literal('none').optional(),
  hostname: z.string().optional(),
  user: z.string().optional(),
  working_dir: z.string().optional(),
  depends_on: z.record(z.string(), dependency).optional(),
  healthcheck: healthcheck.optional(),
  profiles: texts.optional(),
  init: z.boolean().optional(),
  read_only: z.boolean().optional(),
  cap_drop: texts.optional(),
  cap_add: texts.optional(),
  security_opt: texts.optional(),
  restart: z.enum(['no', 'unless-stopped']).optional(),
  stop_grace_period: duration.optional(),
  mem_limit: size.optional(),
  shm_size: size.optional(),
  logging: z.strictObject({ driver: z.string(), options: z.record(z.string(), z.string()) }).optional(),
});

/** The part of the Compose Specification that docker-compose.yml uses, and nothing else of it. */
const compose = z
  .strictObject({
    name: z.string(),
    services: z.record(z.string().regex(/^[a-z0-9-]+$/), service),
    networks: z.record(z.string(), z.strictObject({ internal: z.boolean().optional() }).nullable()),
    volumes: z.record(z.string(), z.null()),
  })
  .readonly();

export type Service = z.infer<typeof service>;
export type Compose = z.infer<typeof compose>;

export interface Mount {
  /** A volume's name, or a path of the repository that begins with `./`. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export const COMPOSE_FILE = 'docker-compose.yml';

/** The compose file, with its anchors and merges resolved. @throws ZodError where it is none. */
export function readCompose(): Compose {
  const document = parse(readFileSync(COMPOSE_FILE, 'utf8'), { merge: true }) as Record<string, unknown>;
  const plain = Object.entries(document).filter(([name]) => !name.startsWith('x-'));

  return compose.parse(Object.fromEntries(plain));
}

/** @throws Error where there is no such service. */
export function serviceOf({ services }: Compose, name: string): Service {
  const found = services[name];
  if (found === undefined) throw new Error(`no service ${name}`);

  return found;
}

export function mountsOf({ volumes = [] }: Service): Mount[] {
  return volumes.map((text) => {
    const [source = '', target = '', mode] = text.split(':');

    return { source, target, readOnly: mode === 'ro' };
  });
}

/** Services that run our own image. */
export function palisadeServices({ services }: Compose): [name: string, service: Service][] {
  return Object.entries(services).filter(([, { image }]) => image.startsWith('palisade:'));
}

/** The replicas: they serve, which is what the image does without a command. */
export function replicas(compose: Compose): [name: string, service: Service][] {
  return palisadeServices(compose).filter(
    ([, { command, entrypoint, profiles }]) => (command ?? entrypoint ?? profiles) === undefined,
  );
}
