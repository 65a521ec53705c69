import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchDeleteImageCommand, BatchGetImageCommand, PutImageCommand } from '@aws-sdk/client-ecr';
import { DescribeServicesCommand, DescribeTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explainDenied } from '../../src/aws/denied.ts';
import { digestToTake, imageStackAsked } from '../../src/commands/image-from-stack.ts';
import type { CommandInput } from '../../src/commands/input.ts';
import { purposeOf } from '../../src/commands/purpose.ts';
import { toStackConfig } from '../../src/config/stack-config.ts';
import { STAND_IN } from '../../src/config/stand-in.ts';
import { sha256 } from '../../src/image/blob.ts';
import type { Fetch } from '../../src/image/source.ts';
import { imageOf, tagFor } from '../../src/steps/image/copy-image.ts';
import { storedImage } from '../../src/steps/image/stored-images.ts';
import { newDocument } from '../../state/document.ts';
import { expectRefusal, useCliStage } from '../cli/stage.ts';
import { WarmProgram } from '../helpers/warm-program.ts';
import { only } from '../steps/stage.ts';

const stage = useCliStage();
const scratch = mkdtempSync(join(tmpdir(), 'temporal-fargate-promote-'));
const worker = join(scratch, 'worker');
let builder: WarmProgram;
/** As on another machine: it has none of what the builder keeps. */
let promoter: WarmProgram;

/** A worker without dependencies. */
function release(name: string): void {
  mkdirSync(join(worker, 'dist'), { recursive: true });
  const project = { name: 'orders', version: '1.0.0', main: 'dist/main.js', files: ['dist'] };
  writeFileSync(join(worker, 'package.json'), JSON.stringify(project));
  const packages = { '': { name: 'orders', version: '1.0.0' } };
  writeFileSync(join(worker, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
  writeFileSync(join(worker, 'dist/main.js'), `console.log("${name}")`);
}

const words = (text: string): string[] => text.split(' ');
const INIT = words('init --yes --verify health --network public --stack');
const DEPLOY = words('deploy --verify health --json --stack');
const PROMOTE = [...DEPLOY, ...words('prod --image-from-stack dev')];

beforeAll(async () => {
  release('one');
  builder = new WarmProgram(stage.env());
  promoter = new WarmProgram(stage.env({ TEMPORAL_FARGATE_CACHE_DIR: join(scratch, 'cache') }));
  const dev = await builder.run([...INIT, 'dev', '--worker-dir', worker]);
  expect(dev.code, dev.stderr).toBe(0);
  const prod = await builder.run([...INIT, 'prod']);
  expect(prod.code, prod.stderr).toBe(0);
});
afterAll(async () => {
  await Promise.all([builder.stop(), promoter.stop()]);
  rmSync(scratch, { recursive: true });
});

/** @returns the result, and the calls that were made for it */
async function promoted() {
  await stage.emulator.clearCalls();
  const { code, stdout, stderr } = await promoter.run(PROMOTE);
  expect(code, stderr + stdout).toBe(0);
  const changes = (await stage.changes()).filter(({ service }) => service !== 's3').map(({ operation }) => operation);
  const fetched = (await stage.emulator.calls()).filter(({ operation }) => operation === 'GetDownloadUrlForLayer');
  return { result: resultOf(stdout), changes, fetched: fetched.length };
}

const resultOf = (stdout: string) => JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '').result;

/** What the service of a stack runs. */
async function imageIn(stack: string): Promise<string> {
  const { ecs } = stage.emulator.clients;
  const cluster = `temporal-fargate-${stack}`;
  const { services } = await ecs.send(new DescribeServicesCommand({ cluster, services: ['worker'] }));
  const { taskDefinition } = services?.[0] ?? {};
  const found = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
  return found.taskDefinition?.containerDefinitions?.[0]?.image ?? '';
}

/** The tag of what dev runs. */
async function tagInDev(): Promise<string> {
  const image = await storedImage(stage.emulator.clients.ecr, 'dev', { imageDigest: await digestOf('dev') });
  return image?.imageTags?.[0] ?? '';
}

/** As if the same things had been built for prod as well, and had come to other bytes. */
async function tagInProd(imageDigest: string, imageTag: string): Promise<void> {
  const { ecr } = stage.emulator.clients;
  const repositoryName = 'temporal-fargate/prod';
  const { images } = await ecr.send(new BatchGetImageCommand({ repositoryName, imageIds: [{ imageDigest }] }));
  const { imageManifest, imageManifestMediaType } = only(images ?? []);
  await ecr.send(new PutImageCommand({ repositoryName, imageManifest, imageManifestMediaType, imageTag }));
}

const digestOf = async (stack: string): Promise<string> => (await imageIn(stack)).split('@')[1] ?? '';

describe('deploy --image-from-stack', () => {
  it('runs the very image of the other stack, which it pushes without building', async () => {
    const before = await digestOf('prod');
    const { result, changes } = await promoted();
    const digest = await digestOf('dev');
    expect(digest).not.toBe(before);
    expect(await imageIn('prod')).toMatch(new RegExp(`/temporal-fargate/prod@${digest}$`));
    expect(changes.filter((name) => !/Layer/.test(name))).toEqual([
      'PutImage',
      'RegisterTaskDefinition',
      'UpdateService',
    ]);
    expect(result).toMatchObject({ changed: true, imageFromStack: 'dev', workers: [{ image: digest, revision: 2 }] });
    expect(result.workers[0]).toMatchObject({ pushedBytes: expect.any(Number), pushMs: expect.any(Number) });
    expect(result.workers[0]).not.toHaveProperty('buildMs');
    const { ecr } = stage.emulator.clients;
    const [theirs, ours] = await Promise.all(
      ['dev', 'prod'].map((stack) => storedImage(ecr, stack, { imageDigest: digest })),
    );
    expect(ours).toMatchObject({ imageTags: theirs?.imageTags, imageSizeInBytes: theirs?.imageSizeInBytes });
  });

  it('a second time changes nothing, and neither does an init with the same code', async () => {
    const { result, changes, fetched } = await promoted();
    expect({ changed: result.changed, changes, fetched }).toEqual({ changed: false, changes: [], fetched: 0 });
    for (const code of [[], ['--worker-dir', worker]]) {
      const plan = await builder.run([...words('plan --detailed-exitcode --stack prod'), ...code]);
      expect(plan, plan.stderr).toMatchObject({ code: 0, stdout: 'Nothing to do: everything is as configured.\n' });
    }
  });

  it('of a later release moves only what the repository lacks, also where its tag stands for other bytes', async () => {
    release('two');
    const dev = await builder.run([...DEPLOY, 'dev', '--worker-dir', worker]);
    expect(dev.code, dev.stderr).toBe(0);
    await tagInProd(await digestOf('prod'), await tagInDev());
    const { result, changes, fetched } = await promoted();
    // The code and the config: dependencies and base are there.
    expect(changes.filter((name) => name === 'CompleteLayerUpload')).toHaveLength(2);
    expect(fetched).toBe(2);
    expect(result).toMatchObject({ changed: true, workers: [{ image: await digestOf('dev'), revision: 3 }] });
    expect(await digestOf('prod')).toBe(await digestOf('dev'));
    const history = await builder.run(words('history --stack prod --json'));
    const [{ deployments }] = resultOf(history.stdout).workers;
    expect(deployments[0]).toMatchObject({ command: 'deploy', image: await digestOf('dev'), outcome: 'completed' });
  });

  it('goes on where a download broke off, and keeps nothing but the bytes of the digest (over a stub of fetch)', async () => {
    const begunAt: number[] = [];
    /** Breaks the first answer off in its middle. */
    const breaking: Fetch = async (url, { headers }) => {
      const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
      const [, first = '0'] = /^bytes=(\d+)-$/.exec(headers.range ?? '') ?? [];
      begunAt.push(Number(first));
      if (begunAt.length > 1) return new Response(bytes.subarray(Number(first)), { status: 206 });
      const start = (half: ReadableStreamDefaultController) => half.enqueue(bytes.subarray(0, bytes.length / 2));
      return new Response(new ReadableStream({ start, pull: (half) => half.error(new Error('reset')) }));
    };
    const cacheDir = join(scratch, 'third machine');
    const context = { cacheDir, note: () => undefined, signal: new AbortController().signal };
    const repository = { accountId: '123456789012', name: 'temporal-fargate/dev' };
    const read = async (by: Fetch) =>
      imageOf(stage.emulator.clients.ecr, repository, await digestOf('dev'), { ...context, fetch: by });
    const { config, manifest } = await read(breaking);
    expect(sha256(readFileSync(await config.file()))).toBe(config.digest);
    expect(begunAt).toEqual([0, Math.floor(config.size / 2)]);
    expect(sha256(manifest.bytes)).toBe(await digestOf('dev'));

    const [code] = (await read(async () => new Response('a page of a proxy'))).layers.slice(-1);
    await expect(code?.file()).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
    expect(readdirSync(join(cacheDir, 'blobs'))).toEqual([config.digest.replace(':', '-')]);
  });

  it('is refused where there is nothing to take, and changes nothing', async () => {
    await stage.emulator.clearCalls();
    const unknown = await promoter.run(words('deploy --stack prod --image-from-stack staging'));
    const says = /taking the image of stack staging: there is no such stack/;
    expectRefusal(expect, unknown, { code: 1, says, fix: /Name one that exists with --image-from-stack: dev\./ });
    const imageIds = [{ imageDigest: await digestOf('dev') }];
    const { ecr } = stage.emulator.clients;
    await ecr.send(new BatchDeleteImageCommand({ repositoryName: 'temporal-fargate/dev', imageIds }));
    await stage.emulator.clearCalls();
    const gone = await promoter.run(words('deploy --stack prod --image-from-stack dev'));
    const notThere = /sha256:[0-9a-f]{64} is not in its repository any more/;
    expectRefusal(expect, gone, { code: 1, says: notThere, fix: /temporal-fargate deploy --stack dev/ });
    expect(await stage.changes()).toEqual([]);
  });
});

describe('what is taken of another stack', () => {
  const DIGEST = `sha256:${'a'.repeat(64)}`;
  const account = { accountId: '123456789012', partition: 'aws' };
  const configOf = (stack: string, answers: object = {}) => toStackConfig({ ...STAND_IN, stack, ...answers }, account);
  const own = only(configOf('prod').workers);
  const record = { worker: 'worker', command: 'deploy', by: '', startedAt: '' } as const;
  const step = { id: DIGEST, token: 't', generation: 1, startedAt: '' };

  function taken(answers: object, { outcome = 'completed', worker = own } = {}) {
    const config = configOf('dev', answers);
    const document = {
      ...newDocument({ stack: 'dev', stackId: 'x', accountId: account.accountId, region: config.region }),
      steps: { 'image/worker-image/worker': step },
      history: [{ ...record, outcome: outcome as 'completed' }],
      configs: [config],
    };
    return digestToTake(worker, { document, config });
  }
  const refusal = (text: string, fix: string) =>
    expect.objectContaining({ code: 'NO_IMAGE', message: `taking the image of stack dev: ${text}`, fix });

  it('is the digest of the last deployment that went well', () => {
    expect(taken({})).toBe(DIGEST);
    expect(taken({}, { outcome: 'unproven' })).toBe(DIGEST);
    for (const outcome of ['rolled-back', 'stopped', 'failed', 'interrupted', 'underway']) {
      expect(() => taken({}, { outcome })).toThrow(
        refusal(
          `its last deployment of worker is ${outcome}, so that nobody knows what runs`,
          'Bring it to a good end there first, with temporal-fargate deploy or rollback --stack dev.',
        ),
      );
    }
  });

  it('is nothing where the worker could not run it', () => {
    expect(() => taken({ architecture: own.architecture === 'arm64' ? 'x86_64' : 'arm64' })).toThrow(
      /it is for \w+, and the tasks of worker are/,
    );
    expect(() => taken({}, { worker: { ...own, name: 'orders' } })).toThrow(
      refusal('it has no worker orders', 'Name with --worker one that both stacks have; dev has worker.'),
    );
    expect(() => taken({ image: 'ghcr.io/ada/worker:1', workerSource: 'image' })).toThrow(
      refusal(
        'its worker worker runs an image of your own, so that there is nothing to copy',
        `Give this worker the same: --worker worker --image ghcr.io/ada/worker@${DIGEST}`,
      ),
    );
    expect(() => taken({}, { worker: { ...own, image: 'ghcr.io/ada/worker:1' } })).toThrow(
      /worker worker runs an image of your own \(ghcr\.io\/ada\/worker:1\)/,
    );
  });

  it('has the tag that it has there, or one of its digest where that is another image', () => {
    const tagged = (tags: string[], here: Record<string, string> = {}) =>
      tagFor(DIGEST, tags, new Map(Object.entries(here)));
    expect(tagged(['v1', 'from-1'])).toBe('from-1');
    expect(tagged(['from-1', 'from-2'], { 'from-2': DIGEST })).toBe('from-2');
    expect(tagged(['from-1', 'from-2'], { 'from-1': 'sha256:b' })).toBe('from-2');
    expect(tagged(['from-1'], { 'from-1': 'sha256:b' })).toBe(`from-${'a'.repeat(32)}`);
  });

  const flags = { yes: false, sandbox: false, json: false, quiet: false, debug: false, paths: {}, answers: {} };
  const from = { imageFromStack: 'dev' };

  it('is asked for alone, and of another stack', () => {
    const asked = (answers: object) =>
      imageStackAsked({ flags: { ...flags, answers: { ...answers }, own: from } }, 'dev');
    expect(() => asked({ workerDir: 'worker' })).toThrow('--image-from-stack and --worker-dir both say what is to run');
    expect(() => asked({})).toThrow('stack dev is the one that is deployed to');
  });

  it('takes a permission of its own, which is named to who is denied it', () => {
    const error = Object.assign(new Error('no'), { name: 'AccessDeniedException' });
    const input = { command: 'deploy', flags: { ...flags, own: from } } as unknown as CommandInput;
    const call = { service: 'ECR', operation: 'DescribeImages', purpose: purposeOf(input, { stack: 'prod' }) };
    expect(explainDenied(error, call).fix.split('\n').slice(1, 3)).toEqual([
      'All that deploy needs: temporal-fargate policy --for deploy --stack prod',
      'For the image of stack dev add --uses with the ARN of its ECR repository.',
    ]);
  });
});
