import type { CanaryAnswer, DeploymentAnswer, FiguresAnswer, StatusAnswer } from './answer.ts';

/**
 * What stands beside the active bundle; nothing where nothing does.
 * @param figures what was counted of the candidates.
 */
export function stateLines(
  { canary, shadow, monitor }: DeploymentAnswer,
  figures: StatusAnswer['figures'] = {},
): string[] {
  return [
    ...(canary === undefined ? [] : [...canaryLines(canary), ...figureLines('canary', figures.canary)]),
    ...(shadow === undefined
      ? []
      : [
          `shadow: ${shadow.digest}, without effect, since sequence ${shadow.since}`,
          ...figureLines('shadow', figures.shadow),
        ]),
    ...(monitor === undefined ? [] : [monitorLine(monitor.policies)]),
  ];
}

function figureLines(role: string, figures: FiguresAnswer | undefined): string[] {
  if (figures === undefined) return [];
  const { served, failed, compared, flips, errors, dropped, p99_ms: ours, active_p99_ms: theirs } = figures;
  const flipRate = figures.flip_rate === undefined ? '' : ` (${percentOf(figures.flip_rate)})`;
  const errorRate = figures.error_rate === undefined ? '' : ` (${percentOf(figures.error_rate)})`;

  return [
    ...(role === 'canary' ? [`  decided ${served}, of which only it failed in ${failed}`] : []),
    `  compared ${compared}: ${flips} flips${flipRate}, ${errors} errors${errorRate}; ${dropped} not compared`,
    ...(ours === undefined || theirs === undefined
      ? []
      : [`  p99 ${ours} ms; the active bundle ${theirs} ms`]),
  ];
}

function canaryLines({ digest, percent, by, since, limits, frozen }: CanaryAnswer): string[] {
  const given = Object.entries(limits).filter(([name]) => name !== 'min_sample');
  const told =
    given.length === 0
      ? 'no limits'
      : `${given.map(([name, value]) => `${name} ${value}`).join(', ')} from ${limits['min_sample']} on`;

  return [
    `canary: ${digest} for ${percent} % by ${by}, since sequence ${since}; ${told}`,
    ...(frozen === undefined ? [] : [`  FROZEN: ${frozen}`]),
  ];
}

function monitorLine(policies: readonly string[] | null): string {
  return policies === null
    ? 'MONITORED: no deny of a policy is enforced'
    : `MONITORED, told and not enforced: ${policies.join(', ')}`;
}

function percentOf(rate: string): string {
  return `${(100 * Number(rate)).toFixed(2)} %`;
}
