import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DescribeLogStreamsCommand, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeTaskDefinitionCommand, ListTaskDefinitionsCommand } from '@aws-sdk/client-ecs';
import { GetObjectCommand, ListBucketsCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CliResult } from '../helpers/cli.ts';
import { testCacheDir } from '../helpers/emulator.ts';
import { findIn, findInFolder, formsOf } from '../helpers/secret-search.ts';
import { useSandbox } from '../helpers/temporal.ts';

// Characters that every escaping changes, so that no form is like another.
const KEY = `k"/+\\%&${randomBytes(18).toString('base64')}`;

const sandbox = useSandbox();
/** Everything that the program leaves outside of the emulator goes below this folder. */
let own: string;
const outputs: { command: string; result: CliResult }[] = [];

async function run(command: string, extra: NodeJS.ProcessEnv = {}): Promise<CliResult> {
  const env = { TEMPORAL_API_KEY: KEY, TMPDIR: join(own, 'tmp'), TEMPORAL_FARGATE_HOME: join(own, 'home'), ...extra };
  const result = await sandbox.run(command.split(' '), env);
  outputs.push({ command, result });
  return result;
}

beforeAll(() => {
  own = mkdtempSync(join(tmpdir(), 'temporal-fargate-secrets-'));
  for (const folder of ['tmp', 'home']) mkdirSync(join(own, folder));
});
afterAll(() => rmSync(own, { recursive: true, force: true }));

describe('the search', () => {
  it('finds a key in each form, also inside a gzip member in the middle of a file', () => {
    const folder = join(own, 'control');
    mkdirSync(join(folder, 'deep'), { recursive: true });
    for (const [name, form] of formsOf(KEY)) writeFileSync(join(folder, 'deep', name), `before ${form} after`);
    writeFileSync(join(folder, 'layer'), Buffer.concat([Buffer.from('head'), gzipSync(JSON.stringify({ key: KEY }))]));
    for (const offset of [0, 1, 2, 3]) {
      const text = `${'x'.repeat(offset)}${KEY}tail`;
      expect(findIn(Buffer.from(Buffer.from(text).toString('base64')), KEY)).not.toEqual([]);
      expect(findIn(Buffer.from(Buffer.from(text).toString('base64url')), KEY)).not.toEqual([]);
    }
    const found = findInFolder(folder, KEY).join('\n');
    for (const name of formsOf(KEY).keys()) expect(found).toContain(`/${name}: `);
    expect(found).toMatch(/layer: JSON-escaped in gzip/);
    expect(findIn(Buffer.from('something else'), KEY)).toEqual([]);
    rmSync(folder, { recursive: true });
  });
});

describe('a planted API key', () => {
  beforeAll(async () => {
    expect((await run('init --yes --debug')).code).toBe(0);
    expect((await run('init --yes --json')).code).toBe(0);
    for (const command of ['status --debug', 'trigger --debug', 'trigger --count 3 --json', 'logs', 'logs --json']) {
      expect(await run(command)).toMatchObject({ code: 0 });
    }
    expect((await run('plan --json --debug')).code).toBe(0);
    // Without the key of this run, the program reads the stored one.
    expect((await run('status --debug', { TEMPORAL_API_KEY: '' })).code).toBe(0);
    // And errors: bad answers, a refused call, a server that is not there.
    expect((await run('plan --cpu 7 --debug')).code).toBe(64);
    expect((await run('trigger --workflow Unknown --timeout 1 --debug')).code).toBe(1);
    await sandbox.emulator.fault({
      kind: 'error',
      match: { operation: 'PutSecretValue' },
      code: 'InvalidParameterException',
    });
    const refused = await run('init --yes --debug', { TEMPORAL_API_KEY: `${KEY}-changed` });
    expect(refused.code).toBe(1);
    await sandbox.emulator.clearFaults();
    expect((await run('init --yes --verify health --debug', { AWS_SECRET_ACCESS_KEY: 'wrong' })).code).toBe(1);
  });

  it('is in the secret store and reaches the worker, which says nothing of it', async () => {
    const SecretId = 'temporal-fargate/dev/temporal';
    const { SecretString } = await sandbox.emulator.clients.secrets.send(new GetSecretValueCommand({ SecretId }));
    expect(JSON.parse(SecretString ?? '')).toEqual({ TEMPORAL_API_KEY: KEY });
    expect(outputs.find(({ command }) => command === 'trigger --debug')?.result.stdout).toMatch(/^s3:\/\//);
  });

  it('is in no version of any object: state, lock, data', async () => {
    const { s3 } = sandbox.emulator.clients;
    const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
    let looked = 0;
    for (const { Name: Bucket } of Buckets) {
      const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
      for (const { Key, VersionId } of Versions) {
        const object = await s3.send(new GetObjectCommand({ Bucket, Key, VersionId }));
        const bytes = Buffer.from((await object.Body?.transformToByteArray()) ?? []);
        expect(findIn(bytes, KEY), `${Bucket}/${Key}`).toEqual([]);
        looked += 1;
      }
    }
    expect(looked).toBeGreaterThan(25);
  });

  it('is in no log line and in no task definition', async () => {
    const { logs, ecs } = sandbox.emulator.clients;
    const logGroupName = '/temporal-fargate/dev';
    const { logStreams = [] } = await logs.send(new DescribeLogStreamsCommand({ logGroupName }));
    const pages = await Promise.all(
      logStreams.map(({ logStreamName }) => logs.send(new GetLogEventsCommand({ logGroupName, logStreamName }))),
    );
    const text = JSON.stringify(pages.map(({ events }) => events));
    expect(text).toContain('polling');
    expect(findIn(Buffer.from(text), KEY)).toEqual([]);

    const { taskDefinitionArns = [] } = await ecs.send(new ListTaskDefinitionsCommand({}));
    expect(taskDefinitionArns).not.toEqual([]);
    for (const taskDefinition of taskDefinitionArns) {
      const described = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition, include: ['TAGS'] }));
      const definition = JSON.stringify(described.taskDefinition);
      expect(definition).toContain('TEMPORAL_API_KEY');
      expect(findIn(Buffer.from(definition), KEY)).toEqual([]);
    }
  });

  it("is in neither the emulator's call log nor its inventory", async () => {
    const calls = await sandbox.emulator.calls();
    expect(calls.some(({ operation }) => operation === 'CreateSecret')).toBe(true);
    expect(findIn(Buffer.from(JSON.stringify(calls)), KEY)).toEqual([]);
    expect(findIn(Buffer.from(JSON.stringify(await sandbox.emulator.inventory())), KEY)).toEqual([]);
  });

  it('is in no output and, after destroy, in no file: temporary folders, image cache, the emulator and its log', async () => {
    // While the task runs, its files are there to be searched.
    expect(findInFolder(sandbox.workDir, KEY)).toEqual([]);
    const destroyed = await run('destroy --yes --debug --purge --delete-data --delete-state-bucket --confirm dev');
    expect(destroyed.stdout).toMatch(/^0 left$/m);
    expect(outputs.length).toBeGreaterThan(12);
    for (const { command, result } of outputs) {
      expect(findIn(Buffer.from(result.stdout + result.stderr), KEY), command).toEqual([]);
    }
    expect(findIn(readFileSync(sandbox.logFile), KEY)).toEqual([]);
    expect(findInFolder(sandbox.workDir, KEY)).toEqual([]);
    expect(findInFolder(own, KEY)).toEqual([]);
    // The Python environment is as it was downloaded; everything else in the cache is ours.
    expect(findInFolder(testCacheDir, KEY, (path) => /\/python-[^/]+$|\/\.npm$/.test(path))).toEqual([]);
  });
});
