import { Cancelled, ManyErrors, UserError } from '../errors.ts';

/** An error as a person reads it: what happened, then what to do. The stack only when debugging. */
export function formatError(error: unknown, debug: boolean): string {
  const lines = linesOf(error);
  if (debug) lines.push('', ...stacks(error));
  return lines.join('\n');
}

function linesOf(error: unknown): string[] {
  if (error instanceof ManyErrors) {
    const fixes = new Set(error.errors.flatMap((one) => fixOf(one).split('\n')));
    return [
      `✖ ${error.errors.length} things failed:`,
      ...error.errors.map((one) => `  - ${one.message.replaceAll('\n', '\n    ')}`),
      ...[...fixes].map((fix) => `  ${fix}`),
    ];
  }
  if (error instanceof UserError) {
    const [first = '', ...more] = error.message.split('\n');
    return [`✖ ${first}`, ...[...more, ...error.fix.split('\n')].map((line) => `  ${line}`)];
  }
  if (error instanceof Cancelled) return [error.message];
  if (error instanceof Error) return [`✖ ${error.message || error.name}`, `  ${fixOf(error)}`];
  return [`✖ ${String(error)}`];
}

/** What a person can do; never empty. */
function fixOf(error: Error): string {
  if (error instanceof UserError) return error.fix;
  // Known by name: an error of the engine, whose cause is what AWS said.
  if (error.name === 'StepError') return 'What was done is recorded: mend the cause and run the same command again.';
  return 'This is not expected. Run the same command again with --debug, and report what it says if it stays.';
}

function stacks(error: unknown): string[] {
  const lines: string[] = [];
  for (let current = error; current instanceof Error; current = current.cause) {
    lines.push(current.stack ?? String(current));
    if (current instanceof ManyErrors) lines.push(...current.errors.flatMap(stacks));
  }
  return lines;
}

/** What `--json` prints for an error; with its stacks when debugging. */
export function errorData(error: unknown, debug = false): object {
  return debug ? { ...data(error), stack: stacks(error).join('\n') } : data(error);
}

function data(error: unknown): object {
  if (error instanceof ManyErrors) return { code: 'MANY', message: error.message, errors: error.errors.map(data) };
  if (error instanceof UserError) return { code: error.code, message: error.message, fix: error.fix };
  if (error instanceof Error) return { code: error.name, message: error.message, fix: fixOf(error) };
  return { code: 'UNKNOWN', message: String(error) };
}
