import { Cancelled, ManyErrors, UserError } from '../errors.ts';

/** An error as a person reads it: what happened, then what to do. The stack only when debugging. */
export function formatError(error: unknown, debug: boolean): string {
  const lines = linesOf(error);
  if (debug) lines.push('', ...stacks(error));
  return lines.join('\n');
}

function linesOf(error: unknown): string[] {
  if (error instanceof ManyErrors) {
    const [first, ...rest] = error.errors;
    const fixes = new Set(error.errors.flatMap((one) => (one instanceof UserError ? [one.fix] : [])));
    return [
      `✖ ${error.errors.length} things failed:`,
      ...[first, ...rest].map((one) => `  - ${one?.message}`),
      ...[...fixes].map((fix) => `  ${fix}`),
    ];
  }
  if (error instanceof UserError) {
    const [first = '', ...more] = error.message.split('\n');
    return [`✖ ${first}`, ...more.map((line) => `  ${line}`), `  ${error.fix}`];
  }
  if (error instanceof Cancelled) return ['Stopped. What was done is recorded; run the same command again to go on.'];
  if (error instanceof Error) return [`✖ ${error.message || error.name}`];
  return [`✖ ${String(error)}`];
}

function stacks(error: unknown): string[] {
  const lines: string[] = [];
  for (let current = error; current instanceof Error; current = current.cause) {
    lines.push(current.stack ?? String(current));
    if (current instanceof ManyErrors) lines.push(...current.errors.flatMap(stacks));
  }
  return lines;
}

/** What `--json` prints for an error. */
export function errorData(error: unknown): object {
  if (error instanceof ManyErrors) return { code: 'MANY', message: error.message, errors: error.errors.map(errorData) };
  if (error instanceof UserError) return { code: error.code, message: error.message, fix: error.fix };
  if (error instanceof Error) return { code: error.name, message: error.message };
  return { code: 'UNKNOWN', message: String(error) };
}
