import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withUserImages } from '../../src/commands/user-image.ts';
import type { StackConfig } from '../../src/config/schema.ts';
import { ecrRepositoryOf, parseImageReference, repositoryOf } from '../../src/image/reference.ts';
import { mayPullImages } from '../../src/steps/image/pull-images.ts';
import { referenceConfig } from '../helpers/aws-stack.ts';
import { TestRegistry } from '../helpers/registry.ts';

let registry: TestRegistry;
beforeEach(async () => {
  registry = new TestRegistry();
  await registry.listen();
});
afterEach(() => registry.close());

const ECR = '210987654321.dkr.ecr.us-east-1.amazonaws.com/team/worker';

/** A stack of one worker for each of these images. */
function configOf(images: readonly string[], architecture = 'arm64'): StackConfig {
  const config = referenceConfig({ architecture });
  const [worker] = config.workers;
  if (!worker) throw new Error('no worker');
  const workers = images.map((image, at) => ({ ...worker, name: `w${at}`, source: 'image' as const, image }));
  return { ...config, workers };
}

type Input = Parameters<typeof withUserImages>[0];
type Connection = Parameters<typeof withUserImages>[1];

async function digests(config: StackConfig, names?: readonly string[], flags = {}): Promise<(string | undefined)[]> {
  const input = { env: {}, flags, signal: new AbortController().signal } as unknown as Input;
  // Nothing is asked of AWS for an image of a public registry.
  const connection = { region: 'us-east-1', clients: {} } as Connection;
  const found = await withUserImages(input, connection, config, undefined, names);
  return found.workers.map(({ imageDigest }) => imageDigest);
}

describe('an image of the user’s in a public registry', () => {
  const images = [{ layers: [{ a: 'a' }] }, { architecture: 'arm64', layers: [{ b: 'b' }] }];

  it('is that of the architecture of the task, by tag and by the digest of the index', async () => {
    const { name, digests: made } = await registry.add('1', images);
    const byDigest = `${name}@${registry.digestOf('1')}`;
    expect(await digests(configOf([name, byDigest]))).toEqual([made[1], made[1]]);
    expect(await digests(configOf([name], 'x86_64'))).toEqual([made[0]]);
  });

  it('may be one of a single platform, and is then looked at itself', async () => {
    const { name, digests: made } = await registry.add('1', images);
    const arm = `${repositoryOf(name)}@${made[1]}`;
    expect(await digests(configOf([arm]))).toEqual([made[1]]);
    await expect(digests(configOf([arm], 'x86_64'))).rejects.toMatchObject({
      code: 'BAD_IMAGE',
      message: `the image ${arm} cannot be used: it is for linux/arm64, and the tasks are linux/amd64`,
      fix: expect.stringMatching(/--platform linux\/amd64\), or let the tasks be its kind: --architecture arm64\.$/),
    });
  });

  it('is looked up for the workers that are asked for, and not for others', async () => {
    const { name, digests: made } = await registry.add('1', images);
    expect(await digests(configOf([name, name]), ['w1'])).toEqual([undefined, made[1]]);
  });

  it('is refused in the sandbox, which can pull from its own ECR only', async () => {
    const { name } = await registry.add('1', images);
    await expect(digests(configOf([name]), undefined, { sandbox: true })).rejects.toMatchObject({ code: 'BAD_IMAGE' });
    expect(registry.requests).toEqual([]);
  });

  it('that needs a login is refused with what to do', async () => {
    const { name } = await registry.add('1', images);
    registry.refuses = 401;
    await expect(digests(configOf([name]))).rejects.toMatchObject({
      code: 'REGISTRY_REFUSES',
      message: expect.stringContaining('it gives this image to nobody without a login (HTTP 401)'),
      fix: expect.stringMatching(/^Copy it to a repository .*ECR.*--image/),
    });
  });
});

describe('an image of the user’s in ECR', () => {
  it.each([
    [ECR, { accountId: '210987654321', region: 'us-east-1', name: 'team/worker' }],
    ['210987654321.dkr-ecr.eu-west-1.on.aws/w:1', { accountId: '210987654321', region: 'eu-west-1', name: 'w' }],
    ['210987654321.dkr.ecr-fips.us-gov-west-1.amazonaws.com/w', { region: 'us-gov-west-1' }],
    ['210987654321.dkr.ecr.cn-north-1.amazonaws.com.cn/w', { region: 'cn-north-1' }],
  ])('is known by its host: %s', (text, expected) => {
    const reference = parseImageReference(text);
    expect(reference && ecrRepositoryOf(reference)).toMatchObject(expected);
  });

  it.each(['public.ecr.aws/docker/library/node', 'evil.com/210987654321.dkr.ecr.us-east-1.amazonaws.com', 'node:24'])(
    'is not taken for one there: %s',
    (text) => {
      const reference = parseImageReference(text);
      expect(reference && ecrRepositoryOf(reference)).toBeUndefined();
    },
  );

  it('of another region is refused', async () => {
    await expect(digests(configOf([ECR.replace('us-east-1', 'eu-west-1')]))).rejects.toMatchObject({
      code: 'BAD_IMAGE',
      message: expect.stringContaining('it is in ECR in eu-west-1, and the stack is in us-east-1'),
    });
  });

  it('may be pulled from exactly its repository', () => {
    const own = 'arn:aws:ecr:us-east-1:123456789012:repository/temporal-fargate/dev';
    const theirs = 'arn:aws:ecr:us-east-1:210987654321:repository/team/worker';
    const pull = (config: StackConfig, repository?: string) =>
      mayPullImages(config, repository).map(({ Sid, Resource }) => [Sid, Resource]);
    expect(pull(configOf([`${ECR}:1`, `${ECR}:2`, 'ghcr.io/ada/worker:1']))).toEqual([
      ['Token', '*'],
      ['Pull', theirs],
    ]);
    expect(pull(configOf([ECR]), own)).toContainEqual(['Pull', [own, theirs]]);
    expect(pull(configOf(['ghcr.io/ada/worker:1']))).toEqual([]);
  });
});
