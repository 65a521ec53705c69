import type { StateDocument } from '../../state/document.ts';
import { environmentFetch } from '../aws/environment-fetch.ts';
import { httpGet } from '../aws/http-get.ts';
import { EnvironmentHandler } from '../aws/http-handler.ts';
import type { StackConfig, WorkerConfig } from '../config/schema.ts';
import { UserError, usageError } from '../errors.ts';
import { findImage, type ImageReader, type Wording } from '../image/oci-manifest.ts';
import type { Platform } from '../image/platform.ts';
import { ecrRepositoryOf, type ImageReference, parseImageReference } from '../image/reference.ts';
import { Registry } from '../image/registry.ts';
import { ecrReader } from '../steps/image/ecr-reader.ts';
import type { Connection } from './connect.ts';
import { recordedDigest } from './image-digest.ts';
import type { CommandInput } from './input.ts';
import { stays } from './worker-image.ts';

/**
 * The config with what the images that it names are today: each by the digest of the image for its worker's
 * architecture. One that was rolled back to stays. Throws UserErrors, BAD_IMAGE and those of the registry, when no task
 * could run one: that is found out before anything is made.
 *
 * @param before the state, where a rollback counts
 * @param names of the workers whose tags are looked up; absent: all
 */
export async function withUserImages(
  input: CommandInput,
  connection: Pick<Connection, 'clients' | 'region'>,
  config: StackConfig,
  before: StateDocument | undefined,
  names?: readonly string[],
): Promise<StackConfig> {
  const workers = await Promise.all(
    config.workers.map(async (worker) => {
      if (worker.image === undefined || names?.includes(worker.name) === false) return worker;
      if (!before || !stays(input, before, worker.name)) return withUserImage(input, connection, worker);
      return { ...worker, imageDigest: recordedDigest(before, worker.name) };
    }),
  );
  return { ...config, workers };
}

async function withUserImage(
  input: CommandInput,
  connection: Pick<Connection, 'clients' | 'region'>,
  worker: WorkerConfig,
): Promise<WorkerConfig> {
  const { image = '', architecture } = worker;
  const reference = parseImageReference(image);
  if (reference === undefined)
    throw usageError(`--image: "${image}" names no image`, 'Write it like ghcr.io/ada/worker:1.4.', 'BAD_ANSWER');
  const reader = readerOf(input, connection, image, reference);
  const platform: Platform = `linux/${architecture === 'arm64' ? 'arm64' : 'amd64'}`;
  const { digest } = await findImage(
    reader,
    reference.digest ?? reference.tag ?? '',
    platform,
    wordingOf(worker, platform),
  );
  return { ...worker, imageDigest: digest };
}

function readerOf(
  { env, flags, signal }: CommandInput,
  { clients, region }: Pick<Connection, 'clients' | 'region'>,
  image: string,
  reference: ImageReference,
): ImageReader {
  const repository = ecrRepositoryOf(reference);
  if (repository === undefined && flags.sandbox) {
    const fix = 'Deploy a folder with --worker-dir, or leave --sandbox out.';
    throw badImage(image, 'the sandbox runs images from its own ECR only', fix);
  }
  if (repository === undefined) return new Registry(reference, '--image', signal, environmentFetch(env));
  if (repository.region !== region) {
    const fix = `Have ECR replicate it to ${region}, and give --image that one.`;
    throw badImage(image, `it is in ECR in ${repository.region}, and the stack is in ${region}`, fix);
  }
  const handler = new EnvironmentHandler(env);
  return ecrReader(clients.ecr, repository, async (url) => {
    const { status, text } = await httpGet(handler, url, signal);
    if (status === 200) return text;
    throw badImage(image, `where ECR keeps its bytes answers with HTTP ${status}`, 'Try again in a moment.');
  });
}

const wordingOf = ({ image = '', architecture }: WorkerConfig, platform: Platform): Wording => ({
  unusable: (problem) => {
    const other = architecture === 'arm64' ? 'x86_64' : 'arm64';
    const fix = `Build it for ${platform} (docker buildx build --platform ${platform}), or let the tasks be its kind: --architecture ${other}.`;
    return badImage(image, problem, fix);
  },
  damaged: (problem) => badImage(image, problem, 'Push it again, or name another with --image.'),
});

const badImage = (image: string, problem: string, fix: string): UserError =>
  new UserError({ code: 'BAD_IMAGE', message: `the image ${image} cannot be used: ${problem}`, fix });
