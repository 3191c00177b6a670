import { Command, InvalidArgumentError, Option } from 'commander';
import { type ChangeOptions, presentOnly, sendChange, withChangeOptions } from './change.ts';

interface CanaryOptions extends ChangeOptions {
  readonly percent: bigint;
  readonly by?: string;
  readonly maxErrorRate?: string;
  readonly maxLatencyRatio?: string;
  readonly maxP99Ms?: string;
  readonly maxFlipRate?: string;
  readonly minSample?: bigint;
  readonly acceptFlips?: true;
}

const HELP = `
With one digest: begins a canary. Without: changes the one that runs; limits that are given replace all that it had.

Errors and latency over their limit end the canary by themselves. Flips over theirs freeze it: it goes on, and is neither promoted nor
raised until somebody looked at them and says --accept-flips. Without limits nothing happens by itself.

  palisade deploy canary default sha256:… --percent 5 --max-error-rate 1% --max-flip-rate 2%
  palisade deploy canary default --percent 25
  palisade deploy promote default`;

export function canaryCommand(): Command {
  const command = new Command('canary')
    .argument('<store>', 'the policy store')
    .argument('[digest]', 'sha256:… of a pushed bundle; left out: the canary that runs')
    .requiredOption('--percent <n>', 'how many of 100 runs it decides for, from 1 to 100', percentOf)
    .addOption(
      new Option('--by <what>', 'what sees one bundle throughout (default: run, else principal)').choices([
        'run',
        'principal',
      ]),
    )
    .option('--max-error-rate <share>', 'such as 0.01 or 1%: requests in which only it fails', shareOf)
    .option('--max-latency-ratio <n>', "such as 3: its p99 beside the active bundle's", numberOf)
    .option('--max-p99-ms <n>', 'milliseconds of evaluation', numberOf)
    .option('--max-flip-rate <share>', 'decisions on which the two differ', shareOf)
    .option('--min-sample <n>', 'requests before a limit counts (default: 200)', countOf)
    .option('--accept-flips', 'lift a freeze, and the limit on flips with it')
    .description('Lets a bundle decide for a share of the runs, or changes the share.')
    .addHelpText('after', HELP);

  return withChangeOptions(command).action(
    (store: string, digest: string | undefined, options: CanaryOptions) =>
      sendChange(
        'POST',
        store,
        '/deployment/canary',
        bodyOf(digest, options),
        options,
        ({ canary, sequence }) => `${store} runs a canary for ${canary?.percent} % as sequence ${sequence}.`,
      ),
  );
}

function bodyOf(digest: string | undefined, options: CanaryOptions) {
  const limits = {
    max_error_rate: options.maxErrorRate,
    max_latency_ratio: options.maxLatencyRatio,
    max_p99_ms: options.maxP99Ms,
    max_flip_rate: options.maxFlipRate,
    min_sample: options.minSample,
  };
  const hasLimits = Object.values(limits).some((limit) => limit !== undefined);

  return {
    digest,
    percent: options.percent,
    by: options.by,
    limits: hasLimits ? presentOnly(limits) : undefined,
    accept_flips: options.acceptFlips,
  };
}

function percentOf(text: string): bigint {
  const percent = /^\d{1,3}%?$/.test(text) ? BigInt(text.replace('%', '')) : 0n;
  if (percent >= 1n && percent <= 100n) return percent;

  throw new InvalidArgumentError(
    'It is a whole number from 1 to 100. To end a canary: palisade deploy rollback.',
  );
}

/** A share as the server takes it: `1%` is 0.01. */
function shareOf(text: string): string {
  const [, percent, plain] = /^(?:(\d{1,3}(?:\.\d{1,2})?)%|([01](?:\.\d{1,4})?))$/.exec(text) ?? [];
  const share = percent === undefined ? Number(plain ?? 'none') : Number(percent) / 100;
  if (share >= 0 && share <= 1) return share.toFixed(4).replace(/\.?0+$/, '');

  throw new InvalidArgumentError('It is a share from 0 to 1, such as 0.02, or per cent, such as 2%.');
}

function numberOf(text: string): string {
  if (/^\d{1,6}(\.\d{1,4})?$/.test(text)) return text;

  throw new InvalidArgumentError('It is a number such as 1.5.');
}

function countOf(text: string): bigint {
  if (/^[1-9]\d{0,8}$/.test(text)) return BigInt(text);

  throw new InvalidArgumentError('It is a whole number from 1 on.');
}
