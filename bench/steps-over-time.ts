import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Bar } from './chart.ts';

/** When the steps of one run began and ended, as its own events tell. */
export interface StepsOverTime {
  /** Of the whole process. */
  readonly wallSeconds: number;
  /** Seconds from the first step's start to the last one's end. */
  readonly seconds: number;
  /** By step id, from the first step's start on. */
  readonly bars: ReadonlyMap<string, Bar>;
}

interface Event {
  readonly type: string;
  readonly event?: string;
  readonly action?: string;
  readonly id?: string;
  readonly message?: string;
}

/** Runs this program with `--json` and notes when its events come. Throws with its message when it fails. */
export async function stepsOverTime(
  command: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly cwd: string },
): Promise<StepsOverTime> {
  const [program = '', ...args] = command;
  const startedAt = performance.now();
  const child = spawn(program, [...args, '--json'], { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  const seen = new Map<string, { start: number; waits?: number; end: number }>();
  let failure = '';
  for await (const line of createInterface({ input: child.stdout })) {
    const at = (performance.now() - startedAt) / 1000;
    const { type, event, action, id = '', message } = JSON.parse(line) as Event;
    if (type === 'error') failure = message ?? '';
    // With the action `none` goes what is looked at only: whether the new worker polls.
    if (type !== 'step' || action === 'none') continue;
    const step = seen.get(id);
    if (event === 'started' && !step) seen.set(id, { start: at, end: at });
    if (event === 'waiting' && step) step.waits ??= at;
    if ((event === 'done' || event === 'kept') && step) step.end = at;
  }
  const code = await ended;
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${failure}`);
  const first = Math.min(...[...seen.values()].map(({ start }) => start));
  const bars = new Map(
    [...seen].map(([id, { start, waits, end }]) => [
      id,
      { name: id, start: start - first, waits: (waits ?? end) - first, end: end - first },
    ]),
  );
  return {
    wallSeconds: (performance.now() - startedAt) / 1000,
    seconds: Math.max(...[...bars.values()].map(({ end }) => end)),
    bars,
  };
}
