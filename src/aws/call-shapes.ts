import { appendFileSync } from 'node:fs';

/** One call as its form alone: no id, no name, no secret. */
export interface CallShape {
  /** "EC2" */
  readonly service: string;
  /** "CreateVpc" */
  readonly operation: string;
  /** `shapeOf` the input. */
  readonly request: readonly string[];
  /** `shapeOf` the output, or the name of the error that came instead. */
  readonly outcome: { readonly reply: readonly string[] } | { readonly error: string };
}

/** Members whose values are words of AWS's own, which say more than that they are text. */
const WORDS = /(?:State|Status|Type|Mode|Provider)$/i;
const WORD = /^[A-Za-z][A-Za-z_-]{1,39}$/;

/**
 * The form of a value, one line for each member: "Vpcs: list", "Vpcs[].VpcId: string", "Vpcs[].State: available".
 * Sorted, each line once.
 */
export function shapeOf(value: unknown): string[] {
  const lines = new Set<string>();
  describe(value, '', lines);
  return [...lines].sort();
}

function describe(value: unknown, path: string, lines: Set<string>): void {
  const form = formOf(value, path);
  if (path !== '' && form !== undefined) lines.add(`${path}: ${form}`);
  if (form === 'list') for (const item of value as unknown[]) describe(item, `${path}[]`, lines);
  if (form !== 'object') return;
  for (const [name, member] of Object.entries(value as object)) {
    if (name !== '$metadata') describe(member, path === '' ? name : `${path}.${name}`, lines);
  }
}

function formOf(value: unknown, path: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return WORDS.test(path) && WORD.test(value) ? value : 'string';
  if (typeof value !== 'object') return typeof value;
  if (Array.isArray(value)) return 'list';
  if (value instanceof Date) return 'date';
  if (value instanceof Uint8Array) return 'bytes';
  return 'pipe' in value || 'getReader' in value ? 'stream' : 'object';
}

/**
 * Appends the shape of each call to the file that TEMPORAL_FARGATE_CALL_SHAPES names, one JSON object a line;
 * `undefined` when it names none. Made for `npm run test:live`, which holds AWS's answers against the emulator's.
 */
export function shapeRecorder({ TEMPORAL_FARGATE_CALL_SHAPES: file }: NodeJS.ProcessEnv) {
  if (!file) return undefined;
  const record = (shape: CallShape): void => appendFileSync(file, `${JSON.stringify(shape)}\n`, { mode: 0o600 });
  return (call: { service: string; operation: string; input: unknown; output?: unknown; error?: Error }): void => {
    const { service, operation, input, output, error } = call;
    const outcome = error ? { error: error.name } : { reply: shapeOf(output) };
    record({ service, operation, request: shapeOf(input), outcome });
  };
}
