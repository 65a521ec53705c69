import type { LogLevel } from '@temporalio/common';

/**
 * Writes one JSON object on one line of stdout, which the awslogs driver turns into one CloudWatch event.
 * `meta` cannot overwrite `time`, `level` or `message`.
 */
export function writeLog(level: LogLevel, message: string, meta: object = {}, time = new Date()): void {
  const fixed = { time: time.toISOString(), level, message };
  process.stdout.write(`${JSON.stringify({ ...fixed, ...meta, ...fixed }, toPlainJson)}\n`);
}

/** What JSON has no word for: errors would become `{}` and a bigint would throw. */
function toPlainJson(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error) {
    return { name: value.name, message: value.message, stack: value.stack, cause: value.cause };
  }
  return value;
}
