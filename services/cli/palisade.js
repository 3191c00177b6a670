#!/usr/bin/env node
// Plain JavaScript without static imports, so that an old Node can still run it as far as the message.

const MINIMUM = [24, 15];

const [major, minor] = process.versions.node.split('.').map(Number);
const isNewEnough = major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1]);

if (isNewEnough) {
  const { main } = await import('./main.ts');
  await main(process.argv.slice(2));
} else {
  await runUnderOwnNode();
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
