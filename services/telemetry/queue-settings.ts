const SETTINGS = {
  maxQueueSize: 'MAX_QUEUE_SIZE',
  scheduledDelayMillis: 'SCHEDULE_DELAY',
  exportTimeoutMillis: 'EXPORT_TIMEOUT',
  maxExportBatchSize: 'MAX_EXPORT_BATCH_SIZE',
} as const;

/**
 * Reads the standard variables of one of the SDK's queues, whose defaults hold where a variable is absent or malformed.
 * @param prefix `OTEL_BSP` for spans, `OTEL_BLRP` for log records.
 */
export function queueSettings(
  environment: NodeJS.ProcessEnv,
  prefix: 'OTEL_BSP' | 'OTEL_BLRP',
): { readonly [Setting in keyof typeof SETTINGS]?: number } {
  const read = Object.entries(SETTINGS).map(([setting, name]) => {
    const text = environment[`${prefix}_${name}`]?.trim() ?? '';

    return [setting, text === '' ? Number.NaN : Number(text)] as const;
  });

  return Object.fromEntries(read.filter(([, value]) => value > 0));
}
