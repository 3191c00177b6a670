import type { ReplicaAnswer, StatusAnswer } from './answer.ts';

/** What each process serves; those that do not serve the deployment stand out, and say why. */
export function replicaLines({ replicas, active, skew }: StatusAnswer): string[] {
  if (replicas.length === 0) return ['replicas: none has said what it serves'];
  const inStep = replicas.filter(({ state }) => state === 'served').length;
  const width = Math.max(...replicas.map(({ process_id: id }) => id.length));

  return [
    skew
      ? `replicas: SKEW, ${inStep} of ${replicas.length} serve sequence ${active?.sequence ?? 0n}`
      : `replicas: ${replicas.length}, and all serve it`,
    ...replicas.map((replica) => replicaLine(replica, width)),
  ];
}

function replicaLine(replica: ReplicaAnswer, width: number): string {
  const { process_id: id, sequence, digest, age_ms: ageMs } = replica;
  const served = digest === undefined ? 'nothing' : `sequence ${sequence} (${shortDigest(digest)})`;
  return `  ${id.padEnd(width)}  ${served}, confirmed ${seconds(ageMs)} ago${standing(replica)}`;
}

function standing({ state, problem, silent_ms: silentMs }: ReplicaAnswer): string {
  if (state === 'served') return '';
  if (state === 'silent') return `; SILENT for ${seconds(silentMs)}`;

  return `; ${state.toUpperCase()}${problem === undefined ? '' : `: ${problem}`}`;
}

function shortDigest(digest: string): string {
  return digest.slice(0, 'sha256:'.length + 12);
}

function seconds(ms: bigint): string {
  return `${(Number(ms) / 1_000).toFixed(1)} s`;
}
