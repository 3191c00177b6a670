#!/usr/bin/env node
// Plain JavaScript without static imports, so that an old Node can still run it as far as the message.

const MINIMUM = [24, 15];

const [major, minor] = process.versions.node.split('.').map(Number);
const isNewEnough = major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1]);

/**
 * V8 sizes its heap by the machine's memory, and lets garbage grow to several times what lives: left alone, a server with
 * 40 MB of live objects takes 350 MB on a large machine (measured by npm run soak). 1 GiB holds large bundles twice, as an
 * activation does.
 */
const HEAP_FLAGS = ['--max-semi-space-size=16', '--max-old-space-size=1024'];
const SERVING_COMMANDS = ['serve', 'start'];

if (!isNewEnough) {
  await runUnderOwnNode();
} else if (SERVING_COMMANDS.includes(process.argv[2]) && canBoundMemory()) {
  await becomeBounded();
} else {
  const { enableCompileCache } = await import('node:module');
  const cache = await compileCacheFolder();
  enableCompileCache(cache);
  // For the threads that it starts.
  process.env.NODE_COMPILE_CACHE ??= cache;
  const { main } = await import('./main.ts');
  await main(process.argv.slice(2));
}

/** Types are stripped once and not at each start. Who may write here may write to the packages; who may not goes without. */
async function compileCacheFolder() {
  const { fileURLToPath } = await import('node:url');

  return fileURLToPath(new URL('../../node_modules/.cache/palisade', import.meta.url));
}

/** Not twice, not over flags that somebody chose, and not where a process cannot become another program. */
function canBoundMemory() {
  const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ').replaceAll('_', '-');

  return process.execve !== undefined && !/--max-(old|semi)-space-size/.test(flags);
}

/** Becomes the same command with bounded memory, as the same process: V8 and the C library read these at their start alone. */
async function becomeBounded() {
  const environment = {
    // Threads that load bundles would leave what they freed behind in arenas of their own, and glibc would raise the size from
    // which memory goes back to the kernel at once (mallopt(3): M_ARENA_MAX, M_MMAP_THRESHOLD).
    MALLOC_ARENA_MAX: '2',
    MALLOC_MMAP_THRESHOLD_: '131072',
    NODE_COMPILE_CACHE: await compileCacheFolder(),
    ...process.env,
  };
  const args = [process.execPath, ...process.execArgv, ...HEAP_FLAGS, ...process.argv.slice(1)];
  process.execve(process.execPath, args, environment);
}

/** Runs the same command under the Node that the project brings along. */
async function runUnderOwnNode() {
  const { spawn } = await import('node:child_process');
  const { existsSync } = await import('node:fs');
  const { fileURLToPath } = await import('node:url');
  const node = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));
  if (!existsSync(node)) {
    console.error(
      `palisade needs Node ${MINIMUM.join('.')} or newer; this is ${process.versions.node}, and ${node} is missing.\n` +
        'Run `npm ci` with optional dependencies (on Linux x64 it brings its own Node), or install a newer Node.',
    );
    process.exit(1);
  }

  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128 + 15);
  });
}
