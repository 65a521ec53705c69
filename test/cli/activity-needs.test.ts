import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CliResult } from '../helpers/cli.ts';
import { eventually } from '../helpers/emulator.ts';
import { INIT, useCliStage } from './stage.ts';

const stage = useCliStage({ strict: ['off'], tasks: 'process' });
const { emulator } = stage;
const PASSWORD = 'planted-password-9c41';

/** A worker that says what it was given, of the secret only a digest, and then is as alive as any. */
const WORKER = `
const { createHash } = require('node:crypto');
const { writeFileSync } = require('node:fs');
const { DB_PASSWORD, GREETING, LOG_LEVEL, TEMPORAL_TASK_QUEUE } = process.env;
const digest = DB_PASSWORD && createHash('sha256').update(DB_PASSWORD).digest('hex');
console.log('given', JSON.stringify({ GREETING, LOG_LEVEL, TEMPORAL_TASK_QUEUE, digest }));
const live = () => writeFileSync(require('node:os').tmpdir() + '/worker-alive', '');
live();
setInterval(live, 500);
process.on('SIGTERM', () => process.exit(0));
`;

let dir: string;
const outputs: CliResult[] = [];
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'needy-'));
  const files = {
    'package.json': JSON.stringify({ name: 'needy', version: '1.0.0', main: 'main.js', files: ['main.js'] }),
    'package-lock.json': JSON.stringify({ lockfileVersion: 3, packages: { '': { name: 'needy', version: '1.0.0' } } }),
    'main.js': WORKER,
    '.env': '# for every stage\nGREETING="hello, you"\nLOG_LEVEL=info\n',
    'policy.json': '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}',
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content);
});
afterAll(() => rmSync(dir, { recursive: true }));

async function run(...args: string[]): Promise<CliResult> {
  const result = await stage.run(args);
  outputs.push(result);
  return result;
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What the tasks said that they were given, in the order of their starts. */
async function given(tasks: number): Promise<unknown[]> {
  return eventually(`what ${tasks} tasks were given`, async () => {
    const query = { logGroupName: '/temporal-fargate/dev', filterPattern: 'given' };
    const { events = [] } = await emulator.clients.logs.send(new FilterLogEventsCommand(query));
    const said = events.flatMap(({ message = '' }) => /^given (.*)$/.exec(message.trim())?.[1] ?? []);
    return said.length < tasks ? undefined : said.map((text) => JSON.parse(text));
  });
}

describe('what a worker needs', () => {
  let arn: string;
  const first = {
    GREETING: 'hello, you',
    LOG_LEVEL: 'debug',
    TEMPORAL_TASK_QUEUE: 'test-queue',
    digest: digestOf(PASSWORD),
  };
  const second = { ...first, digest: digestOf(`${PASSWORD}-rotated`) };
  const store = (password: string): string => JSON.stringify({ password });

  it('reaches its process, and a second run would change nothing', async () => {
    const made = new CreateSecretCommand({ Name: 'team/db', SecretString: store(PASSWORD) });
    arn = (await emulator.clients.secrets.send(made)).ARN ?? '';
    const variables = ['--env-file', join(dir, '.env'), '--env', 'LOG_LEVEL=debug'];
    const others = ['--secret', `DB_PASSWORD=${arn}:password`, '--task-policy', join(dir, 'policy.json')];
    const { code, stderr } = await run(...INIT, '--worker-dir', dir, ...variables, ...others, '--debug');
    expect(code).toBe(0);
    expect(stderr).toContain('Environment variables of the worker: GREETING=hello, you, LOG_LEVEL=debug (--env)');
    expect(await given(1)).toEqual([first]);
    expect((await run('plan', '--detailed-exitcode')).code).toBe(0);
  });

  it('of a secret that was rotated reaches it by the next deploy', async () => {
    const { secrets } = emulator.clients;
    await secrets.send(new PutSecretValueCommand({ SecretId: arn, SecretString: store(`${PASSWORD}-rotated`) }));
    expect(await run('deploy', '--worker-dir', dir, '--verify', 'health')).toMatchObject({ code: 0 });
    expect(await given(2)).toEqual([first, second]);
  });

  it('goes again with the answers, and its secrets were told to nobody', async () => {
    expect(await run(...INIT, '--env', '', '--secret', '', '--task-policy', '')).toMatchObject({ code: 0 });
    expect(await given(3)).toEqual([first, second, { TEMPORAL_TASK_QUEUE: 'test-queue' }]);
    expect((await run('plan', '--detailed-exitcode')).code).toBe(0);
    await run('state', 'show', '--json');
    for (const { stdout, stderr } of outputs) expect(stdout + stderr).not.toContain(PASSWORD);
  });
});
