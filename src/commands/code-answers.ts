import { gather } from '../config/answers.ts';
import { CODE_KEYS } from '../config/code-options.ts';
import type { Answers } from '../config/option.ts';
import { OPTIONS } from '../config/options.ts';
import { type StackConfig, stackConfig, type WorkerConfig } from '../config/schema.ts';
import { answeredWorkers, isPerWorker, onlyNameOf } from '../config/several-workers.ts';
import { type WorkerAnswers, workerFields } from '../config/worker-config.ts';
import { usageError } from '../errors.ts';
import { repositoryOf } from '../image/reference.ts';
import { sourcesOf, workersNamed } from './configuring.ts';
import type { CommandInput } from './input.ts';

/**
 * The config that is in force, with other code to run where flags, environment or config file say so; of everything else
 * that they say nothing is taken. Nobody is asked. Throws a usage error that names every wrong answer.
 */
export async function configWithCode(
  input: CommandInput,
  before: StackConfig,
): Promise<{ readonly config: StackConfig; readonly workers: readonly WorkerAnswers[] }> {
  const workers = await codeOfWorkers(input, before);
  const changed = before.workers.map((worker) => {
    const answers = workers.find(({ name }) => name === worker.name)?.answers ?? {};
    const { source, image, docker, baseImage, installScripts } = workerFields({ name: worker.name, answers });
    refuseToMove(worker, image);
    return { ...worker, source, image, docker, baseImage, installScripts };
  });
  // Parsed once more, so that its fields have the order in which they are always stored.
  return { config: stackConfig.parse({ ...before, workers: changed }), workers };
}

/** From another repository only another role may pull, and roles are not a matter of code. */
function refuseToMove({ name, image: before }: WorkerConfig, image: unknown): void {
  const places = [before, image].map((one) => (typeof one === 'string' ? repositoryOf(one) : undefined));
  const [from, to] = places.map((place) => place ?? "the stack's own repository");
  if (from === to) return;
  throw usageError(
    `deploy cannot take the image of ${name} from ${to} instead of ${from}: roles and repositories would have to change`,
    'Run temporal-fargate init with the same answer.',
    'BAD_ANSWER',
  );
}

async function codeOfWorkers(input: CommandInput, before: StackConfig): Promise<readonly WorkerAnswers[]> {
  const { flags, env, file, state } = sourcesOf(input, before);
  const naming = workersNamed(input, before);
  const variables = new Set(OPTIONS.flatMap((option) => (isCode(option.key) ? option.env : [])));
  const sources = {
    flags: only(flags, isCode),
    env: only(env, (name) => variables.has(name)),
    file: only(file, isCode),
    state,
  };
  const answering = { known: { zones: [] }, fallback: {}, given: { stack: before.stack, region: before.region } };
  const named = naming.file && { file: before.workers.map(({ name }) => entryOf(name, naming.file ?? [])) };
  const apart = await answeredWorkers({ ...naming, ...named }, sources, answering);
  if (!apart) {
    const echo = (): void => undefined;
    const answers = await gather({ stage: 'what', about: isPerWorker, sources, ...answering, stored: [], echo });
    return [{ name: onlyNameOf(naming), answers }];
  }
  const problems = apart.flatMap((worker) => worker.problems).map(({ label, message }) => `${label}: ${message}`);
  if (problems.length === 0) return apart;
  throw usageError(problems.join('\n'), 'Change the answers named above.', 'BAD_CONFIG');
}

const isCode = (key: string): boolean => CODE_KEYS.some((code) => code === key);

/** What a config file says of the worker's code. */
function entryOf(name: string, file: readonly WorkerAnswers[]): WorkerAnswers {
  const answers: Answers = file.find((worker) => worker.name === name)?.answers ?? {};
  return { name, answers: only(answers, isCode) };
}

const only = <T extends object>(from: T, wanted: (key: string) => boolean): T =>
  Object.fromEntries(Object.entries(from).filter(([key]) => wanted(key))) as T;
