import { closest } from './closest.ts';
import type { Answers } from './option.ts';
import { OPTIONS } from './options.ts';
import { STACK_NAME } from './stack-name.ts';
import type { WorkerAnswers } from './worker-config.ts';

/** Key of a config file under which several workers are listed. */
export const WORKERS_KEY = 'workers';

const NAME_KEY = 'name';

/** Reads the list of workers in a config file: what is wrong with it is said, not thrown. */
export function readWorkers(value: unknown): {
  readonly workers: readonly WorkerAnswers[];
  readonly problems: readonly string[];
} {
  if (!Array.isArray(value) || value.length === 0) {
    return { workers: [], problems: [`"${WORKERS_KEY}" is no list of workers, such as [{ "name": "orders" }]`] };
  }
  const read = value.map(readWorker);
  const workers = read.flatMap(({ worker }) => worker ?? []);
  const names = workers.map(({ name }) => name);
  const twice = [...new Set(names.filter((name, index) => names.indexOf(name) < index))];
  return {
    workers,
    problems: [...read.flatMap(({ problems }) => problems), ...twice.map((name) => `two workers are named "${name}"`)],
  };
}

function readWorker(value: unknown, index: number): { worker?: WorkerAnswers; problems: readonly string[] } {
  const place = `${WORKERS_KEY}[${index}]`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { problems: [`${place} is no object, such as { "name": "orders" }`] };
  }
  const { [NAME_KEY]: name, ...answers } = value as Record<string, unknown>;
  const problems = Object.keys(answers).flatMap((key) => keyProblem(place, key));
  if (typeof name !== 'string' || !STACK_NAME.test(name)) {
    const rule = '2 to 20 lower-case letters, digits and single hyphens, first a letter';
    const given = typeof name === 'string' ? `"${name}" is no "${NAME_KEY}"` : `it has no "${NAME_KEY}"`;
    return { problems: [...problems, `${place}: ${given}: ${rule}`] };
  }
  return { worker: { name, answers: answers as Answers }, problems };
}

function keyProblem(place: string, key: string): string[] {
  const option = OPTIONS.find((one) => one.key === key);
  if (option?.perWorker) return [];
  if (option) return [`${place}: "${key}" is the same for all workers; write it beside "${WORKERS_KEY}"`];
  const meant = closest(key, [NAME_KEY, ...OPTIONS.filter(({ perWorker }) => perWorker).map((one) => one.key)]);
  return [`${place}: unknown key "${key}"${meant === undefined ? '' : ` (did you mean "${meant}"?)`}`];
}
