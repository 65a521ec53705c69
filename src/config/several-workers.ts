import { usageError } from '../errors.ts';
import { answeredUnasked, type Gathering } from './answers.ts';
import type { Answer, Answers, Option, OptionKey } from './option.ts';
import { flagOf, OPTIONS } from './options.ts';
import type { Problem } from './problem.ts';
import type { Sources } from './sources.ts';
import { ONLY_WORKER, type WorkerAnswers } from './worker-config.ts';

/** Where the workers of a stack are named. */
export interface Naming {
  /** In the config file's `workers`: then these are all that the stack is to have. */
  readonly file?: readonly WorkerAnswers[] | undefined;
  /** In the stack's state. */
  readonly state: readonly WorkerAnswers[];
  /** --worker: flags about a worker are for this one, else for all. */
  readonly chosen?: string | undefined;
}

/** One of several workers with all answers about it. */
export interface AnsweredWorker extends WorkerAnswers {
  /** Questions whose answers are missing or wrong by themselves; `problems` says how. */
  readonly unclear: ReadonlySet<OptionKey>;
  readonly problems: readonly Problem[];
  /** Every answer, and where it comes from. */
  readonly echoes: readonly { readonly option: Option; readonly answer: Answer; readonly source: string }[];
}

export const isPerWorker = ({ perWorker }: Pick<Option, 'perWorker'>): boolean => perWorker === true;

const PER_WORKER: readonly OptionKey[] = OPTIONS.filter(isPerWorker).map(({ key }) => key);

/** The name of the worker of whom flags, environment and prompts speak, where there is but one. */
export const onlyNameOf = ({ state }: Naming): string => state[0]?.name ?? ONLY_WORKER;

/**
 * The workers that are answered apart from the stack, because the config file lists them or the stack has several;
 * nobody is asked about these. Of one, strongest first: a flag, its entry in the file, the file's answer for all,
 * what the stack's state says of it, the default. The environment is not read: TEMPORAL_TASK_QUEUE in somebody's shell
 * would move all of them onto one queue.
 *
 * @returns `undefined` where there is one worker, of whom all answers speak. Throws a usage error when --worker names none.
 */
export async function answeredWorkers(
  naming: Naming,
  sources: Sources,
  given: Pick<Gathering, 'known' | 'fallback' | 'given'>,
): Promise<readonly AnsweredWorker[] | undefined> {
  const { file, state, chosen } = naming;
  const names = (file ?? state).map(({ name }) => name);
  mustBeOneOf(chosen, names.length > 0 ? names : [ONLY_WORKER]);
  if (file === undefined && state.length <= 1) return undefined;
  const answered = await Promise.all(names.map((name) => answeredWorker(name, naming, sources, given)));
  return answered.map((worker, index) => withQueueProblem(worker, answered.slice(0, index)));
}

/** Throws a usage error when `chosen` is not one of the workers. */
export function mustBeOneOf(chosen: string | undefined, names: readonly string[]): void {
  if (chosen === undefined || names.includes(chosen)) return;
  const fix = names.length === 1 ? `Its only worker is ${names[0]}.` : `Its workers are ${names.join(', ')}.`;
  throw usageError(`--worker ${chosen}: the stack has no worker of that name`, fix, 'NO_SUCH_WORKER');
}

async function answeredWorker(
  name: string,
  { file, state, chosen }: Naming,
  sources: Sources,
  { known, fallback, given }: Pick<Gathering, 'known' | 'fallback' | 'given'>,
): Promise<AnsweredWorker> {
  const entry = answersOf(name, file);
  const flagsAreForIt = chosen === undefined || chosen === name;
  const echoes: { option: Option; answer: Answer; source: string }[] = [];
  const { answers, problems, missing, unclear } = await answeredUnasked({
    stage: 'what',
    about: isPerWorker,
    sources: {
      flags: flagsAreForIt ? sources.flags : {},
      paths: flagsAreForIt ? sources.paths : {},
      entry,
      env: {},
      file: sources.file,
      state: answersOf(name, state),
    },
    known,
    given,
    stored: [],
    // A queue is what a worker is for, so its name is a better guess than one queue for all.
    fallback: { ...fallback, taskQueue: name },
    echo: (option, answer, source) => echoes.push({ option, answer, source }),
  });
  const told = [
    ...problems,
    ...missing.map((what) => `missing: ${what}`),
    ...(chosen === undefined ? overruledFlags(name, entry, sources) : []),
    ...(file === undefined ? strayAnswers(sources.file) : []),
  ];
  return { name, answers, unclear, echoes, problems: told.map((message) => problemOf(name, message)) };
}

const answersOf = (worker: string, list: readonly WorkerAnswers[] = []): Answers =>
  list.find(({ name }) => name === worker)?.answers ?? {};

const problemOf = (worker: string, message: string): Problem => ({
  keys: [],
  label: `worker ${worker}`,
  message,
  worker,
});

/** A flag for all workers and an entry of one's own: nobody could tell which of them is meant. */
function overruledFlags(name: string, entry: Answers, { flags, paths }: Sources): string[] {
  const both = PER_WORKER.filter((key) => (flags[key] ?? paths?.[key]) !== undefined && entry[key] !== undefined);
  return both.map(
    (key) =>
      `${flagOf(key)} is for all workers, and the config file has "${key}" for this one; leave one out, or add --worker ${name}`,
  );
}

/** A file that lists no workers, of a stack that has several: its answers would make them all alike. */
function strayAnswers(file: Answers): string[] {
  const stray = PER_WORKER.filter((key) => file[key] !== undefined);
  return stray.map((key) => `the stack has several workers, so "${key}" of the config file belongs into its "workers"`);
}

/** What says which code a worker runs. A run need not say it: then what is deployed stays, and nothing is known of it. */
const CODE: readonly OptionKey[] = ['workerSource', 'workerDir'];

/** Temporal gives any task of a queue to any of its workers, so all of them have to know the same workflows. */
function withQueueProblem(worker: AnsweredWorker, others: readonly AnsweredWorker[]): AnsweredWorker {
  const { name, answers, problems } = worker;
  const runsOther = (rival: Answers): boolean =>
    CODE.some((key) => answers[key] && rival[key] && answers[key] !== rival[key]);
  const rival = others.find(({ answers: one }) => one.taskQueue === answers.taskQueue && runsOther(one));
  if (!rival) return worker;
  const message = `it polls task queue ${answers.taskQueue} as ${rival.name} does, but runs other code; give it a queue of its own`;
  return { ...worker, problems: [...problems, problemOf(name, message)] };
}
