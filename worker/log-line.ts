import type { LogLevel } from '@temporalio/common';
import { redactor } from './secrets.ts';

const redact = redactor(process.env);

/**
 * Writes one JSON object on one line of stdout, which the awslogs driver turns into one CloudWatch event, without the
 * secrets of the environment. `meta` cannot overwrite `time`, `level` or `message`.
 */
export function writeLog(level: LogLevel, message: string, meta: object = {}, time = new Date()): void {
  const fixed = { time: time.toISOString(), level, message };
  process.stdout.write(`${toJson({ ...fixed, ...meta, ...fixed }, fixed)}\n`);
}

/** Activities log what they like: what cannot be written as JSON (a circle, a getter that throws) costs the meta only. */
function toJson(entry: object, fixed: object): string {
  try {
    return JSON.stringify(entry, toPlainJson);
  } catch (error) {
    return JSON.stringify({ ...fixed, unwritable: String(error) }, toPlainJson);
  }
}

/** What JSON has no word for (errors would become `{}` and a bigint would throw), and every text without secrets. */
function toPlainJson(_key: string, value: unknown): unknown {
  if (typeof value === 'string') return redact(value);
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error) {
    return { name: value.name, message: value.message, stack: value.stack, cause: value.cause };
  }
  return value;
}
