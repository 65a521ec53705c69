import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandboxWorkerEnvironment } from '../../src/commands/sandbox-worker.ts';
import type { SandboxRecord } from '../../src/sandbox/sandbox.ts';
import { BIN, cliEnvironment, type RunningCli, runCli, startCli } from '../helpers/cli.ts';
import { eventually } from '../helpers/emulator.ts';
import { expectRefusal } from './stage.ts';

const BUNDLE = join(dirname(BIN), 'worker/dist/workflow-bundle.js');

/** A worker as others write it: it runs MessageWorkflow, whose activity is what its source says. */
const MAIN = `
  const { NativeConnection, Worker } = require('@temporalio/worker');
  const { env } = process;
  async function main() {
    const connection = await NativeConnection.connect({ address: env.TEMPORAL_ADDRESS, apiKey: env.TEMPORAL_API_KEY });
    const worker = await Worker.create({
      connection,
      namespace: env.TEMPORAL_NAMESPACE,
      taskQueue: env.TEMPORAL_TASK_QUEUE,
      workflowBundle: { codePath: ${JSON.stringify(BUNDLE)} },
      activities: require('./activities.cjs'),
      shutdownGraceTime: 5000,
    });
    console.log(JSON.stringify(Object.fromEntries(Object.entries(env).filter(([name]) => /^(AWS|TEMPORAL)_/.test(name)))));
    await worker.run();
    await connection.close();
  }
  main();`;
const says = (word: string): string =>
  `module.exports = { writeMessage: async ({ message }) => '${word} ' + message };\n`;

const scratch = mkdtempSync(join(tmpdir(), 'worker-dev-'));
const folder = join(scratch, 'orders');
const env = (extra: NodeJS.ProcessEnv = {}) =>
  cliEnvironment(undefined, {
    TEMPORAL_FARGATE_HOME: join(scratch, 'home'),
    AWS_ACCESS_KEY_ID: 'of-the-person',
    TEMPORAL_API_KEY: 'of-the-person',
    ...extra,
  });
const source = (path: string, text: string) => writeFileSync(join(folder, path), text);

beforeAll(() => {
  mkdirSync(folder);
  const scripts = {
    build: 'node --check activities.cjs && mkdir -p dist && cp activities.cjs dist && cp main.cjs dist',
  };
  const manifest = { name: 'orders', version: '1.0.0', main: 'dist/main.cjs', scripts };
  source('package.json', JSON.stringify(manifest));
  source('package-lock.json', JSON.stringify({ lockfileVersion: 3, packages: { '': manifest } }));
  source('main.cjs', MAIN);
  source('activities.cjs', says('one'));
  symlinkSync(join(dirname(dirname(BIN)), 'worker/node_modules'), join(folder, 'node_modules'));
});
afterAll(async () => {
  await runCli(['sandbox', 'stop'], env());
  rmSync(scratch, { recursive: true, force: true });
});

const dev = (...args: string[]): RunningCli =>
  startCli(['worker', 'dev', '--worker-dir', folder, '--task-queue', 'mine', ...args], env());

describe('the environment of a worker on the sandbox', () => {
  it('holds what its Temporal server asks for, and nothing of what the person has set', () => {
    const [caCert, apiKey] = ['ca.pem', 'api-key'].map((name) => join(scratch, name)) as [string, string];
    writeFileSync(caCert, 'the CA\n');
    writeFileSync(apiKey, 'the key\n');
    const sandbox = {
      endpoint: 'http://127.0.0.1:1',
      region: 'us-east-1',
      accessKeyId: 'id',
      secretAccessKey: 'key',
      temporalAddress: 'localhost:2',
      temporalAccess: { auth: 'api-key', caCert, apiKey },
    } as SandboxRecord;
    const person = {
      PATH: '/bin',
      AWS_PROFILE: 'work',
      AWS_SESSION_TOKEN: 'x',
      TEMPORAL_TLS_SERVER_NAME: 'cloud',
      DATA_BUCKET: 'mine',
    };
    expect(sandboxWorkerEnvironment(person, sandbox, { taskQueue: 'q', dataBucket: undefined })).toEqual({
      PATH: '/bin',
      TEMPORAL_ADDRESS: 'localhost:2',
      TEMPORAL_NAMESPACE: 'default',
      TEMPORAL_TASK_QUEUE: 'q',
      TEMPORAL_TLS: 'true',
      TEMPORAL_TLS_SERVER_CA_CERT_DATA: 'the CA',
      TEMPORAL_API_KEY: 'the key',
      TEMPORAL_FARGATE_STOP_TIMEOUT: '10',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'key',
    });
  });
});

describe('worker dev', () => {
  it('says how to start a sandbox where none runs', async () => {
    const fix = 'Start one: temporal-fargate sandbox start';
    expectRefusal(expect, await dev().result, { code: 1, says: 'no sandbox runs on this machine', fix });
  });

  it('lets a worker of the changed sources take over, until Ctrl-C', { timeout: 240_000 }, async () => {
    expect(await runCli(['sandbox', 'start'], env())).toMatchObject({ code: 0 });
    const sandbox: SandboxRecord = JSON.parse(readFileSync(join(scratch, 'home/sandbox.json'), 'utf8'));
    const connection = await Connection.connect({ address: sandbox.temporalAddress });
    const client = new Client({ connection });
    const result = (): Promise<unknown> =>
      client.workflow.execute('MessageWorkflow', {
        taskQueue: 'mine',
        workflowId: `w-${Math.random()}`,
        args: [{ message: 'hi' }],
      });

    const running = dev();
    expect(await result()).toBe('one hi');
    source('activities.cjs', says('two'));
    await eventually('the changed worker', async () => (await result()) === 'two hi');

    source('activities.cjs', 'module.exports = {');
    await running.waitFor(/WORKER_NOT_BUILT|SyntaxError: Unexpected end of input/);
    await running.waitFor('The worker of before goes on; waiting for a change.');
    expect(await result()).toBe('two hi');

    mkdirSync(join(folder, 'lib'));
    source('lib/word.cjs', "module.exports = 'three';");
    source('activities.cjs', says("' + require('../lib/word.cjs') + '"));
    await eventually('the mended worker', async () => (await result()) === 'three hi');
    source('lib/word.cjs', "module.exports = 'four';");
    await eventually('the change in a new folder', async () => (await result()) === 'four hi');

    running.child.kill('SIGINT');
    const { code, stdout, stderr } = await running.result;
    expect(code).toBe(0);
    expect(stderr.match(/^worker \d+ started$/gm)).toHaveLength(4);
    expect(stderr.match(/^worker \d+ ended$/gm)).toHaveLength(4);
    expect(spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).stdout).not.toContain(folder);
    await connection.close();

    const told = JSON.parse(stdout.slice(stdout.indexOf('{'), stdout.indexOf('\n')));
    expect(told).toMatchObject({
      TEMPORAL_ADDRESS: sandbox.temporalAddress,
      TEMPORAL_NAMESPACE: 'default',
      TEMPORAL_TASK_QUEUE: 'mine',
      AWS_ENDPOINT_URL: sandbox.endpoint,
      AWS_ACCESS_KEY_ID: sandbox.accessKeyId,
    });
    expect(stdout).not.toContain('of-the-person');
  });
});
