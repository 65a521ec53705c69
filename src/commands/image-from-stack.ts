import type { StateDocument } from '../../state/document.ts';
import type { S3Store } from '../../state/s3-store.ts';
import type { WorkerImage, WorkerImages } from '../aws/aws.ts';
import { CODE_KEYS } from '../config/code-options.ts';
import { flagOf } from '../config/options.ts';
import { type StackConfig, stackConfig, type WorkerConfig } from '../config/schema.ts';
import { UserError, usageError } from '../errors.ts';
import { repositoryOf } from '../image/reference.ts';
import { imageOf, tagFor } from '../steps/image/copy-image.ts';
import { repositoryName } from '../steps/image/repository.ts';
import { storedImage } from '../steps/image/stored-images.ts';
import { shortDigest } from '../ui/format-deploy.ts';
import type { Connection } from './connect.ts';
import { recordedDigest } from './image-digest.ts';
import type { CommandInput } from './input.ts';
import { storedConfig } from './stored-config.ts';
import { buildContext } from './worker-image.ts';

/** The stack that another takes its images of, as its state has it. */
export interface ImageStack {
  readonly document: StateDocument;
  readonly config: StackConfig;
}

/**
 * The name after `--image-from-stack`, if it is given. Throws a usage error where other flags say as well what is to run,
 * and where it is the stack itself.
 */
export function imageStackAsked({ flags }: Pick<CommandInput, 'flags'>, own: string): string | undefined {
  const { imageFromStack } = flags.own;
  if (imageFromStack === undefined) return undefined;
  const from = String(imageFromStack);
  const other = CODE_KEYS.find((key) => flags.answers[key] !== undefined);
  if (other !== undefined) {
    const message = `--image-from-stack and ${flagOf(other)} both say what is to run`;
    throw usageError(message, 'Give one of them.');
  }
  if (from !== own) return from;
  throw usageError(
    `--image-from-stack ${from}: stack ${own} is the one that is deployed to`,
    'Name with --stack the stack that is to get the image, and here the one that runs it.',
  );
}

/** Its state as it is now; nobody is locked out. Throws `UserError` NO_STACK with the stacks there are. */
export async function imageStack(store: S3Store, own: string, name: string): Promise<ImageStack> {
  // S3 denies what is not there to who may read some states only; names may be listed by everybody.
  const others = (await store.stacks()).filter((stack) => stack !== own);
  const document = others.includes(name) ? await store.ofStack(name).read() : undefined;
  const config = storedConfig(document?.configs.at(-1));
  if (document && config && Object.keys(document.steps).length > 0) return { document, config };
  const there = others.filter((stack) => stack !== name);
  throw new UserError({
    code: 'NO_STACK',
    message: `taking the image of stack ${name}: there is no such stack in this account and region`,
    fix:
      there.length > 0
        ? `Name one that exists with --image-from-stack: ${there.join(', ')}.`
        : `Create it: temporal-fargate init --stack ${name}`,
  });
}

/** Ends of a deployment after which the image on record is the one that runs. */
const RUNS: ReadonlySet<string> = new Set(['completed', 'unproven']);

/**
 * `sha256:…` of the image that the worker of the same name runs there. Pure. Throws `UserError` NO_IMAGE when there is none
 * that this worker could be given.
 */
export function digestToTake({ name, image, architecture }: WorkerConfig, { document, config }: ImageStack): string {
  const refused = (message: string, fix: string): UserError =>
    new UserError({ code: 'NO_IMAGE', message: `taking the image of stack ${config.stack}: ${message}`, fix });
  const theirs = config.workers.find((worker) => worker.name === name);
  const digest = recordedDigest(document, name);
  if (!theirs) {
    const names = config.workers.map((worker) => worker.name).join(', ');
    throw refused(
      `it has no worker ${name}`,
      `Name with --worker one that both stacks have; ${config.stack} has ${names}.`,
    );
  }
  if (theirs.image !== undefined) {
    const exactly = digest === undefined ? theirs.image : `${repositoryOf(theirs.image)}@${digest}`;
    const message = `its worker ${name} runs an image of your own, so that there is nothing to copy`;
    throw refused(message, `Give this worker the same: --worker ${name} --image ${exactly}`);
  }
  if (image !== undefined) {
    const fix = `Let init make it a worker that is built: --worker ${name} --worker-dir, or --worker-source bundled.`;
    throw refused(`worker ${name} runs an image of your own (${image}), and has no repository to copy to`, fix);
  }
  if (theirs.architecture !== architecture) {
    const message = `it is for ${theirs.architecture}, and the tasks of ${name} are ${architecture}`;
    throw refused(
      message,
      `Let these be of that kind first: temporal-fargate init --architecture ${theirs.architecture}`,
    );
  }
  const last = document.history.findLast(({ worker }) => worker === name);
  if (digest === undefined || (last && !RUNS.has(last.outcome))) {
    const ended = last ? `its last deployment of ${name} is ${last.outcome}` : `it has not deployed ${name} yet`;
    const fix = `Bring it to a good end there first, with temporal-fargate deploy or rollback --stack ${config.stack}.`;
    throw refused(`${ended}, so that nobody knows what runs`, fix);
  }
  return digest;
}

/**
 * The config with the code that the other stack's workers have, so that a later `init` with the same code finds nothing to
 * do. Pure.
 */
export const withCodeOf = (config: StackConfig, names: readonly string[], theirs: StackConfig): StackConfig =>
  // Parsed once more, so that its fields have the order in which they are always stored.
  stackConfig.parse({
    ...config,
    workers: config.workers.map((worker) => {
      const other = names.includes(worker.name) && theirs.workers.find(({ name }) => name === worker.name);
      if (!other) return worker;
      const { source, docker, baseImage, installScripts } = other;
      return { ...worker, source, docker, baseImage, installScripts };
    }),
  });

/**
 * The images that the workers of these names run in another stack, to be pushed byte by byte. Throws `UserError` NO_IMAGE
 * when there is one that cannot be taken.
 */
export async function imagesOfStack(
  input: CommandInput,
  { accountId, clients: { ecr } }: Connection,
  config: StackConfig,
  names: readonly string[],
  from: ImageStack,
): Promise<WorkerImages> {
  const other = from.config.stack;
  const repository = { accountId, name: repositoryName(other) };
  const context = { ...buildContext(input), signal: input.signal };
  const digests = config.workers
    .filter(({ name }) => names.includes(name))
    .map((worker) => [worker.name, digestToTake(worker, from)] as const);
  const images = new Map<string, WorkerImage>();
  for (const digest of new Set(digests.map(([, one]) => one))) {
    const found = await storedImage(ecr, other, { imageDigest: digest });
    if (!found) throw gone(other, digest);
    const here = new Map<string, string | undefined>();
    const tags = found.imageTags ?? [];
    for (const tag of tags) here.set(tag, (await storedImage(ecr, config.stack, { imageTag: tag }))?.imageDigest);
    const image: WorkerImage = {
      inputHash: tagFor(digest, tags, here),
      build: () => imageOf(ecr, repository, digest, context),
    };
    for (const [worker, its] of digests) if (its === digest) images.set(worker, image);
  }
  for (const [worker, digest] of digests) input.io.note(`${worker}: image ${shortDigest(digest)} of stack ${other}`);
  return images;
}

const gone = (stack: string, digest: string): UserError =>
  new UserError({
    code: 'NO_IMAGE',
    message: `taking the image of stack ${stack}: ${digest} is not in its repository any more`,
    fix: `Deploy it there again: temporal-fargate deploy --stack ${stack}`,
  });
