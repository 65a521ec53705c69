import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { childEnvironment } from '../child-environment.ts';
import { UserError, usageError } from '../errors.ts';
import { BlobStore, sha256 } from './blob.ts';
import { dockerContext } from './docker-context.ts';
import { entryHash } from './entry-hash.ts';
import { readOciArchive } from './oci-archive.ts';
import type { Platform } from './platform.ts';
import { lastLines, runTool } from './run-tool.ts';
import type { ImageSource } from './source.ts';

/**
 * A folder with a Dockerfile, built by the person's own Docker. What it builds is read from an archive and pushed like
 * any other image, so Docker needs no login to ECR.
 *
 * @throws UserError BAD_WORKER when there is no Dockerfile
 */
export function dockerSource(dir: string): ImageSource {
  if (!existsSync(join(dir, 'Dockerfile'))) {
    const fix = 'Write one, or leave --docker out for a Node package.';
    throw usageError(`--worker-dir ${dir}: it has no Dockerfile, by which --docker builds`, fix, 'BAD_WORKER');
  }
  return {
    describe: () => `the Dockerfile of ${dir}`,
    inputHash: async (platform) => {
      const entries = [...(await dockerContext(dir))].sort((a, b) => (a.path < b.path ? -1 : 1));
      return sha256(JSON.stringify(['docker', platform, ...(await Promise.all(entries.map(entryHash)))]));
    },
    async build(platform, { cacheDir, note, signal }) {
      await requireBuildx(dir, signal);
      note(`building ${dir} with Docker for ${platform}`);
      await mkdir(cacheDir, { recursive: true });
      const archive = join(cacheDir, `docker-${process.pid}-${randomBytes(6).toString('hex')}.tar`);
      try {
        await build(dir, platform, archive, signal);
        return await readOciArchive(archive, platform, new BlobStore(cacheDir), signal);
      } finally {
        await rm(archive, { force: true });
      }
    },
  };
}

async function requireBuildx(dir: string, signal: AbortSignal | undefined): Promise<void> {
  const { status } = await docker(['buildx', 'version'], dir, signal);
  if (status === 0) return;
  throw new UserError({
    code: 'DOCKER_NO_BUILDX',
    message: 'building with Docker: this Docker has no buildx, which builds for the platform of the tasks',
    fix: 'Install the docker-buildx-plugin package of Docker, or a newer Docker Desktop.',
  });
}

/** One image and nothing beside it: what a builder attests of an image would make an index of it. */
async function build(dir: string, platform: Platform, archive: string, signal: AbortSignal | undefined): Promise<void> {
  const plain = ['--provenance=false', '--sbom=false', '--progress=plain'];
  const output = ['--output', `type=oci,dest=${archive}`];
  const { status, output: said } = await docker(
    ['buildx', 'build', '--platform', platform, ...plain, ...output, dir],
    dir,
    signal,
  );
  if (status !== 0) throw buildFailure(dir, status, said);
}

/** Its credential helpers may log in to a registry of AWS, where the base image is. */
const docker = (args: readonly string[], cwd: string, signal: AbortSignal | undefined) =>
  runTool(['docker', ...args], { cwd, env: childEnvironment({ aws: true }), signal, cannotStart });

function cannotStart(cause: Error): UserError {
  return new UserError({
    code: 'DOCKER_MISSING',
    message: `building with Docker: docker cannot be started (${cause.message})`,
    fix: 'Install Docker, and check that docker is on the PATH; a Node package needs none: leave --docker out.',
    cause,
  });
}

/** What Docker says when it has not come to the Dockerfile at all. */
const BEFORE_THE_BUILD: readonly { says: RegExp; code: string; problem: string; fix: string }[] = [
  {
    says: /Cannot connect to the Docker daemon|error during connect|permission denied .*docker daemon socket/i,
    code: 'DOCKER_NOT_RUNNING',
    problem: 'its daemon cannot be reached',
    fix: 'Start Docker, and check that docker version shows a server.',
  },
  {
    says: /OCI exporter (feature )?is (currently )?not supported/i,
    code: 'DOCKER_CANNOT_EXPORT',
    problem: 'the builder in use cannot write an image to a file',
    fix: 'Make one that can: docker buildx create --driver docker-container --use; or turn on the containerd image store.',
  },
];

function buildFailure(dir: string, status: number | string, output: string): UserError {
  const known = BEFORE_THE_BUILD.find(({ says }) => says.test(output));
  if (known) {
    return new UserError({ code: known.code, message: `building with Docker: ${known.problem}`, fix: known.fix });
  }
  return new UserError({
    code: 'WORKER_NOT_BUILT',
    message: `building ${dir} with Docker ended with ${status}\n${lastLines(output)}`,
    fix: `Mend what it says; docker buildx build ${dir} shows all of it.`,
  });
}
