import type { StateDocument } from '../../state/document.ts';
import type { Aws, WorkerImages } from '../aws/aws.ts';
import type { StackConfig } from '../config/schema.ts';
import { countLeft, type Scope } from '../engine/narrow.ts';
import { type Plan, summarize } from '../engine/plan.ts';
import { EXIT } from '../errors.ts';
import { revisionNumber } from '../steps/compute/revisions.ts';
import { type Deployed, formatDeploy } from '../ui/format-deploy.ts';
import { workersAsked } from './asked-workers.ts';
import { configWithCode } from './code-answers.ts';
import { type LockedStack, withLockedStack } from './existing-stack.ts';
import { withExistingThings } from './existing-things.ts';
import { recordedDigest } from './image-digest.ts';
import { imageStack, imageStackAsked, imagesOfStack, withCodeOf } from './image-from-stack.ts';
import type { CommandInput } from './input.ts';
import { partOfPlan } from './part-of-plan.ts';
import { checkedClient } from './preflight.ts';
import { rollOut } from './roll-out.ts';
import type { Run } from './run.ts';
import { callSummary, planStack } from './stack-run.ts';
import { Stopwatch } from './stopwatch.ts';
import { withUserImages } from './user-image.ts';
import { workerImagesFor } from './worker-image.ts';

/**
 * `deploy`: builds what the workers run, or takes it of another stack, pushes what is missing, and rolls it out. Whatever
 * else differs from the config is left as it is, and counted.
 */
export async function deploy(input: CommandInput): Promise<number> {
  return withLockedStack(input, 'deploy', async (locked) => {
    const { connection, session, document, config: before, owner } = locked;
    const { io, signal } = input;
    const imageFromStack = imageStackAsked(input, before.stack);
    const names = workersAsked(input, before).map(({ name }) => name);
    const code = await (imageFromStack
      ? codeOfStack(input, locked, names, imageFromStack)
      : codeOfAnswers(input, locked));
    const supplied = await withExistingThings(input, connection, code.config);
    const config = await withUserImages(input, connection, supplied, undefined, names);
    const chosen = { ...config, workers: config.workers.filter(({ name }) => names.includes(name)) };
    const watch = new Stopwatch(connection.clock);
    const images = watch.timed(await code.images(chosen), imageFromStack === undefined);
    const aws = connection.aws({ images });
    const client = await checkedClient(input, connection, { config: before, secretValue: undefined }, document, aws);
    try {
      const whole = (await planStack(connection, config, document, { images }, aws)).plan;
      const plan = partOfPlan(whole, codeOf(whole, names));
      signal.throwIfAborted();
      if (JSON.stringify(config) !== JSON.stringify(before)) await session.update(inForce(config));
      const onStep: Run['onStep'] = (event) => watch.heard(event);
      const run: Run = { input, connection, aws, config, session, owner, client, command: 'deploy', onStep };
      const proofs = await rollOut(run, plan, names);
      for (const { worker, isProven, elapsedMs } of proofs) if (isProven) watch.add(worker, { pollersMs: elapsedMs });
      io.note(callSummary(connection));
      const view = {
        stack: config.stack,
        region: config.region,
        changed: summarize(plan).changed,
        workers: names.map((name): Deployed => ({ ...deployedNow(session.document, name), ...watch.of(name) })),
        proof: proofs.map(({ text }) => text),
        otherDifferences: countLeft(whole, plan),
        ...(imageFromStack !== undefined && { imageFromStack }),
      };
      io.result(formatDeploy(view), { ...view, calls: connection.counts });
      return EXIT.done;
    } finally {
      await client?.connection.close();
    }
  });
}

/** What the workers are to run. */
interface Code {
  /** The one in force, with that code. */
  readonly config: StackConfig;
  /** Of the workers in this config. */
  images(config: StackConfig): Promise<WorkerImages>;
}

async function codeOfAnswers(input: CommandInput, { connection, config: before }: LockedStack): Promise<Code> {
  const { config, workers } = await configWithCode(input, before);
  return { config, images: (chosen) => workerImagesFor(input, connection, { config: chosen, workers }, undefined) };
}

async function codeOfStack(
  input: CommandInput,
  { connection, store, config }: LockedStack,
  names: readonly string[],
  other: string,
): Promise<Code> {
  const from = await imageStack(store, config.stack, other);
  const images = await imagesOfStack(input, connection, config, names, from);
  return { config: withCodeOf(config, names, from.config), images: async () => images };
}

/** What a deployment touches: image, revision, which of them runs, and what a first deployment that failed lacks. */
function codeOf({ items }: Pick<Plan<Aws, StackConfig>, 'items'>, workers: readonly string[]): Scope {
  const scope = new Map<string, 'all' | readonly string[]>();
  for (const worker of workers) {
    scope.set(`image/worker-image/${worker}`, 'all');
    scope.set(`compute/task-definition/${worker}`, 'all');
    scope.set(`compute/service/${worker}`, DEPLOYING);
    const scaling = [`scaling/target/${worker}`, `scaling/alarm/${worker}-cpu-high`, `scaling/alarm/${worker}-cpu-low`];
    for (const { step, action } of items) {
      if (action === 'create' && scaling.includes(step.id)) scope.set(step.id, 'all');
    }
  }
  return scope;
}

/** The fields of a service that make a new deployment of it. */
export const DEPLOYING: readonly string[] = ['taskDefinition', 'rollout'];

/** In the place of the one in force, from which it differs in nothing that makes other things. */
const inForce = (config: StackConfig) => (draft: StateDocument) => {
  draft.configs = [...draft.configs.slice(0, -1), JSON.parse(JSON.stringify(config))];
};

export function deployedNow(document: StateDocument, worker: string): Deployed {
  const arn = document.steps[`compute/task-definition/${worker}`]?.id;
  return {
    worker,
    revision: arn === undefined ? null : revisionNumber(arn),
    image: recordedDigest(document, worker) ?? null,
  };
}
