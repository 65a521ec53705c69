import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DescribeLogStreamsCommand, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeTaskDefinitionCommand, ListTaskDefinitionsCommand } from '@aws-sdk/client-ecs';
import { GetObjectCommand, ListBucketsCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificates } from '../../src/sandbox/certificates.ts';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import { startTemporalFront, type TemporalFront } from '../../src/sandbox/temporal-front.ts';
import { API_KEY as KEY_OF_SNAPSHOTS } from '../cli/stage.ts';
import { BIN, type CliResult, startCli } from '../helpers/cli.ts';
import { type Inventory, testCacheDir } from '../helpers/emulator.ts';
import { countable } from '../helpers/inventory.ts';
import { watchProcesses } from '../helpers/process-list.ts';
import { findIn, findInFolder, formsOf, type Planted } from '../helpers/secret-search.ts';
import { useSandbox } from '../helpers/temporal.ts';
import { certificateFiles } from '../helpers/temporal-front.ts';

// Characters that every escaping changes, so that no form is like another.
const KEY = `k"/+\\%&${randomBytes(18).toString('base64')}`;
const CHANGED_KEY = `${KEY}-changed`;
const TOKEN = randomBytes(300).toString('base64');
const STARTED_AT = Date.now();

const sandbox = useSandbox();
/** Everything that the program leaves outside of the emulator goes below this folder. */
const own = mkdtempSync(join(tmpdir(), 'temporal-fargate-secrets-'));
const certificates = mkdtempSync(join(tmpdir(), 'temporal-fargate-certificates-'));
const { path, pem } = certificateFiles(certificates);
const fronts: TemporalFront[] = [];
const outputs: { command: string; result: CliResult }[] = [];
const programs = new Set<number>();
let planted: Planted;
let empty: Inventory;
let processes: ReturnType<typeof watchProcesses>;

beforeAll(async () => {
  for (const folder of ['cwd', 'home', 'tmp']) mkdirSync(join(own, folder));
  await makeCertificates(
    await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined }),
    certificates,
  );
  const common = {
    backend: sandbox.temporalAddress,
    certificates,
    apiKeys: () => [{ key: KEY }, { key: CHANGED_KEY }],
  };
  for (const auth of ['api-key', 'mtls'] as const) fronts.push(await startTemporalFront({ ...common, auth }));
  // The longest line of a PEM is its own search word: output may break it anew.
  const [, line = ''] = pem('client', 'key').split('\n');
  planted = { 'API key': KEY, 'private key': line, 'session token': TOKEN };
  empty = await sandbox.emulator.inventory();
  processes = watchProcesses(own);
});
afterAll(async () => {
  processes();
  await Promise.all(fronts.map((front) => front.stop()));
  for (const folder of [own, certificates]) rmSync(folder, { recursive: true, force: true });
});

/** Runs the built program, with nothing in its environment of Temporal but what is given. */
async function run(command: string, env: NodeJS.ProcessEnv = {}): Promise<CliResult> {
  const places = { TMPDIR: join(own, 'tmp'), TEMPORAL_FARGATE_HOME: join(own, 'home'), AWS_SESSION_TOKEN: TOKEN };
  const environment = sandbox.env({ TEMPORAL_ADDRESS: undefined, ...places, ...env });
  const started = startCli(command.split(' '), environment, undefined, BIN, join(own, 'cwd'));
  programs.add(started.pid);
  const result = await started.result;
  outputs.push({ command, result });
  return result;
}

/** Each exits with the code that is expected of it. */
async function runAll(...commands: [command: string, code: number, env?: NodeJS.ProcessEnv][]): Promise<CliResult[]> {
  const results = await Promise.all(commands.map(([command, , env]) => run(command, env)));
  for (const [at, [command, code]] of commands.entries()) {
    const result = results[at];
    expect(result?.code, `${command}\n${result?.stderr}`).toBe(code);
  }
  return results;
}

async function storedSecret(): Promise<unknown> {
  const SecretId = 'temporal-fargate/dev/temporal';
  const { SecretString } = await sandbox.emulator.clients.secrets.send(new GetSecretValueCommand({ SecretId }));
  return JSON.parse(SecretString ?? '');
}

/** Every revision of the worker, oldest first. */
async function definitions() {
  const { ecs } = sandbox.emulator.clients;
  const { taskDefinitionArns = [] } = await ecs.send(new ListTaskDefinitionsCommand({}));
  const described = taskDefinitionArns.map((taskDefinition) =>
    ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition, include: ['TAGS'] })),
  );
  return (await Promise.all(described)).flatMap(({ taskDefinition }) => taskDefinition ?? []);
}

/** The worker's environment in its newest task definition, and the names of what comes from the secret. */
async function container() {
  const { environment = [], secrets = [] } = (await definitions()).at(-1)?.containerDefinitions?.[0] ?? {};
  return {
    environment: Object.fromEntries(environment.map(({ name = '', value = '' }) => [name, value])),
    secrets: secrets.map(({ name = '' }) => name),
  };
}

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
    const found = findInFolder(folder, { 'API key': KEY, other: 'nowhere' }).join('\n');
    for (const name of formsOf(KEY).keys()) expect(found).toContain(`/${name}: API key: `);
    expect(found).toMatch(/layer: API key: JSON-escaped in gzip/);
    expect(findIn(Buffer.from('something else'), KEY)).toEqual([]);
    rmSync(folder, { recursive: true });
  });
});

describe('a stack whose Temporal server speaks TLS with a CA of its own', () => {
  const withKey = (): NodeJS.ProcessEnv => ({
    TEMPORAL_ADDRESS: `https://${fronts[0]?.address}/`,
    TEMPORAL_API_KEY: `${KEY}\n`,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: path('ca'),
  });

  it('is up with an API key: Temporal reports the worker, and trigger shows a result', async () => {
    const [made] = await runAll(['init --yes --debug', 0, withKey()]);
    expect(made?.stderr).toContain(
      `Address of the Temporal server: ${fronts[0]?.address} (TEMPORAL_ADDRESS, written as`,
    );
    expect(made?.stdout).toMatch(/Temporal reports dev\/[0-9a-f]{32}\/[0-9a-f]{12} as a poller/);
    expect(await storedSecret()).toEqual({ TEMPORAL_API_KEY: KEY });
    expect(await container()).toMatchObject({
      environment: { TEMPORAL_TLS: 'true', TEMPORAL_TLS_SERVER_CA_CERT_DATA: pem('ca').trim() },
      secrets: ['TEMPORAL_API_KEY'],
    });
    // Without the key of this run, the program reads the stored one.
    const [triggered] = await runAll(
      ['trigger --debug', 0],
      ['plan --json --debug', 0, withKey()],
      ['status --debug', 0],
    );
    expect(triggered?.stdout).toMatch(/^s3:\/\/\S+\.txt\n$/);
  }, 120_000);

  it('says nothing of the key when it fails: at answers, at AWS, at a workflow, nor when the program itself has a bug', async () => {
    const bug = join(own, 'tmp', 'bug.mjs');
    const lines = [
      "import http from 'node:http'; import { syncBuiltinESMExports } from 'node:module';",
      'const { request } = http; http.request = (...all) => {',
      "  setImmediate(() => { throw Object.assign(new Error('bug ' + process.env.TEMPORAL_API_KEY.trim()), process.env); });",
      '  return request(...all); }; syncBuiltinESMExports();',
    ];
    writeFileSync(bug, lines.join('\n'));
    const wrong = { AWS_SECRET_ACCESS_KEY: 'wrong-secret-access-key' };
    const [, crashed] = await runAll(
      ['plan --cpu 7 --debug', 64, withKey()],
      ['status', 1, { ...withKey(), NODE_OPTIONS: `--import=${bug}` }],
      ['trigger --workflow Unknown --timeout 1 --debug', 1],
      ['init --yes --verify health --debug --json', 1, { ...withKey(), ...wrong }],
    );
    expect(crashed?.stderr).toMatch(/✖ bug \*{8}\n {2}This is not expected.*\n\nError: bug \*{8}\n +at \S/);
    const match = { operation: 'PutSecretValue' };
    await sandbox.emulator.fault({
      kind: 'error',
      match,
      code: 'ValidationException',
      message: `Value '${CHANGED_KEY}'`,
    });
    const [refused] = await runAll(['init --yes --debug', 1, { ...withKey(), TEMPORAL_API_KEY: CHANGED_KEY }]);
    await sandbox.emulator.clearFaults();
    expect(refused?.stderr).toContain('AWS quotes the secret');
  }, 120_000);

  it('changes to a client certificate with an update, and runs on it', async () => {
    const flags = [
      `--temporal-address ${fronts[1]?.address} --temporal-auth mtls`,
      `--temporal-tls-client-cert-path ${path('client')} --temporal-tls-client-key-path ${path('client', 'key')}`,
    ].join(' ');
    const [changed] = await runAll([`init --yes --debug ${flags}`, 0]);
    expect(changed?.stderr).toMatch(/Plan: \d+ to update, \d+ unchanged\./);
    expect(changed?.stderr).toMatch(/Client certificate \(PEM file\): CN=worker, valid until \d{4}-/);
    expect(await storedSecret()).toEqual({
      TEMPORAL_TLS_CLIENT_CERT_DATA: pem('client').trim(),
      TEMPORAL_TLS_CLIENT_KEY_DATA: pem('client', 'key').trim(),
    });
    expect((await container()).secrets).toEqual(['TEMPORAL_TLS_CLIENT_CERT_DATA', 'TEMPORAL_TLS_CLIENT_KEY_DATA']);
    const [triggered, status, , again] = await runAll(
      ['trigger --count 2 --json --debug', 0],
      ['status', 0],
      ['logs --json', 0],
      ['init --yes', 0],
    );
    expect(triggered?.stdout).toContain('"s3://');
    expect(status?.stdout).toMatch(/ yes$/m);
    expect(again?.stdout).toBe('Stack dev is as configured. Nothing was changed.\n');
  }, 120_000);
});

describe('the API key, the private key and the session token', () => {
  it('are in no version of any object: state, lock, data', async () => {
    const { s3 } = sandbox.emulator.clients;
    const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
    let looked = 0;
    for (const { Name: Bucket } of Buckets) {
      const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
      for (const { Key, VersionId } of Versions) {
        const object = await s3.send(new GetObjectCommand({ Bucket, Key, VersionId }));
        const bytes = Buffer.from((await object.Body?.transformToByteArray()) ?? []);
        expect(findIn(bytes, planted), `${Bucket}/${Key}`).toEqual([]);
        looked += 1;
      }
    }
    expect(looked).toBeGreaterThan(25);
  });

  it('are in no log line and in no task definition', async () => {
    const { logs } = sandbox.emulator.clients;
    const logGroupName = '/temporal-fargate/dev';
    const { logStreams = [] } = await logs.send(new DescribeLogStreamsCommand({ logGroupName }));
    const pages = await Promise.all(
      logStreams.map(({ logStreamName }) => logs.send(new GetLogEventsCommand({ logGroupName, logStreamName }))),
    );
    const text = JSON.stringify(pages.map(({ events }) => events));
    expect(text).toContain('polling');
    expect(findIn(Buffer.from(text), planted)).toEqual([]);
    const all = await definitions();
    expect(all.length).toBeGreaterThan(1);
    expect(findIn(Buffer.from(JSON.stringify(all)), planted)).toEqual([]);
  });

  it("are in neither the emulator's call log nor its inventory, nor in the layers and other files that it has", async () => {
    const calls = await sandbox.emulator.calls();
    expect(calls.some(({ operation }) => operation === 'CreateSecret')).toBe(true);
    expect(findIn(Buffer.from(JSON.stringify(calls)), planted)).toEqual([]);
    expect(findIn(Buffer.from(JSON.stringify(await sandbox.emulator.inventory())), planted)).toEqual([]);
    expect(findInFolder(sandbox.workDir, planted)).toEqual([]);
  });

  it('are in no output and, once all is destroyed, in no file; none is on a command line or in the environment of a child', async () => {
    const command = 'destroy --yes --debug --purge --delete-data --delete-state-bucket --confirm dev';
    const [destroyed] = await runAll([command, 0]);
    expect(destroyed?.stdout).toMatch(/^0 left$/m);
    expect(countable(await sandbox.emulator.inventory())).toEqual(countable(empty));
    expect(outputs.length).toBeGreaterThan(12);
    for (const { command: said, result } of outputs) {
      expect(findIn(Buffer.from(result.stdout + result.stderr), planted), said).toEqual([]);
    }
    expect(findIn(readFileSync(sandbox.logFile), planted)).toEqual([]);
    for (const folder of [sandbox.workDir, own]) expect(findInFolder(folder, planted)).toEqual([]);
    // What this run has not written cannot have its keys.
    const old = (file: string): boolean => !statSync(file).isDirectory() && statSync(file).mtimeMs < STARTED_AT;
    expect(findInFolder(testCacheDir, planted, (file) => /\/(python-[^/]+|\.npm)$/.test(file) || old(file))).toEqual(
      [],
    );

    const seen = processes();
    expect(seen.filter(({ pid }) => programs.has(pid))).not.toEqual([]);
    for (const { pid, arguments: line, environment } of seen) {
      expect(findIn(line, planted), line.toString()).toEqual([]);
      if (!programs.has(pid)) expect(findIn(environment, planted), line.toString()).toEqual([]);
    }
  }, 120_000);

  it('nor is the key of other tests in what they compare output with', () => {
    expect(findInFolder(join(import.meta.dirname, '../cli/scenarios'), KEY_OF_SNAPSHOTS)).toEqual([]);
  });
});
