import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { OPTIONS } from '../../src/config/options.ts';
import { ensureStateBucket } from '../../state/bucket.ts';
import type { CliResult } from '../helpers/cli.ts';
import { eventually, type Fault } from '../helpers/emulator.ts';
import { answerQuestions, ENTER } from '../helpers/terminal.ts';
import { API_KEY, expectRefusal, INIT, useCliStage } from './stage.ts';

const stage = useCliStage();
const { emulator } = stage;
beforeEach(() => emulator.reset());
const folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-endings-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A stack that somebody else is at work on. */
async function lockStack(): Promise<void> {
  const { Bucket } = await ensureStateBucket({
    ...{ s3: emulator.clients.s3, accountId: '123456789012', region: 'us-east-1', partition: 'aws' },
    onMended: () => undefined,
  });
  const who = { nonce: 'n', user: 'ada', host: 'build-7', pid: 4711, boot: 'other', command: 'init' };
  const lease = { acquiredAt: new Date().toISOString(), leaseSeconds: 60, renewals: 0, cliVersion: '0.1.0' };
  const Body = JSON.stringify({ ...who, ...lease });
  await emulator.clients.s3.send(new PutObjectCommand({ Bucket, Key: 'dev/lock.json', Body }));
}

/** A run that is told to stop while AWS takes its time. */
async function interrupted(): Promise<CliResult> {
  await emulator.fault({ kind: 'delay', match: { operation: 'GetCallerIdentity' }, seconds: 0.5 });
  const cli = stage.start(['status']);
  await eventually('a call that waits', async () => (await emulator.calls()).length > 0);
  cli.child.kill('SIGINT');
  return cli.result;
}

describe('The exit code tells a script how it went', () => {
  const exit = (args: readonly string[]): Promise<CliResult> => stage.start(args).result;
  it.each<[number, string, () => Promise<CliResult>]>([
    [0, 'done', () => exit(['plan'])],
    [1, 'failed', () => exit(['status'])],
    [2, 'plan --detailed-exitcode found something to do', () => exit(['plan', '--detailed-exitcode'])],
    [64, 'the command line or an answer cannot be used', () => exit(['plan', '--cpu', 'lots'])],
    [75, 'locked, to be tried again', () => lockStack().then(() => exit(INIT))],
    [130, 'interrupted', interrupted],
  ])('%i: %s', async (code, _why, run) => {
    expect((await run()).code).toBe(code);
  });
});

describe('What AWS answers reaches a person with its code, what it means and what to do', () => {
  const always = { kind: 'error', times: 9999, status: 400 } as const;
  const atFirst = { match: { operation: 'GetCallerIdentity' } };
  interface Refused {
    readonly what: string;
    readonly fault: Partial<Fault>;
    readonly says: string | RegExp;
    readonly fix: string;
    readonly args?: readonly string[];
  }
  const cases: readonly Refused[] = [
    {
      what: 'throttling without an end',
      fault: { ...atFirst, code: 'Throttling', message: 'Rate exceeded' },
      says: 'calling STS GetCallerIdentity: AWS throttles this account, in spite of several attempts (Throttling: Rate exceeded)',
      fix: 'Wait a few minutes, then run the same command again',
    },
    {
      what: 'a fault of its own without an end',
      fault: { ...atFirst, status: 500, code: 'InternalFailure', message: 'We encountered an internal error.' },
      says: 'calling STS GetCallerIdentity: AWS has a fault of its own (InternalFailure: We encountered',
      fix: 'See health.aws.amazon.com; later run the same command again',
    },
    {
      what: 'a clock that is off, by signature',
      fault: {
        ...{ ...atFirst, status: 403, code: 'SignatureDoesNotMatch' },
        message:
          'Signature expired: 20261125T000000Z is now earlier than 20261125T010000Z (20261125T011500Z - 15 min.)',
      },
      says: "this machine's clock is wrong: AWS takes no request that is more than minutes off (SignatureDoesNotMatch",
      fix: 'Set the clock (have it set by NTP)',
    },
    {
      what: 'a clock that is off, in S3',
      fault: {
        match: { service: 's3' },
        status: 403,
        code: 'RequestTimeTooSkewed',
        message: 'The difference is too large.',
      },
      says: "this machine's clock is wrong: AWS takes no request that is more than minutes off (RequestTimeTooSkewed",
      fix: 'Set the clock (have it set by NTP)',
    },
    {
      what: 'a region that is not enabled',
      fault: {
        match: { service: 'ec2' },
        status: 401,
        code: 'OptInRequired',
        message: 'You are not subscribed to this service.',
      },
      says: /calling EC2 \w+: the account does not use this region or service yet \(OptInRequired: You are not subscribed/,
      fix: 'Enable the region (AWS console, Account, AWS Regions), or choose another --region.',
    },
    {
      what: 'a quota',
      fault: {
        match: { operation: 'CreateVpc' },
        code: 'VpcLimitExceeded',
        message: 'The maximum number of VPCs has been reached.',
      },
      says: /creating VPC: .*VPCs in this region.* \(VpcLimitExceeded: The maximum number of VPCs has been reached\.\)/,
      fix: 'L-F678F1CE',
      args: INIT,
    },
  ];
  it.each(cases)('$what', async ({ fault, says, fix, args = ['plan'] }) => {
    await emulator.fault({ ...always, ...fault });
    expectRefusal(expect, await stage.run(args), { code: 1, says, fix });
  });

  it.each([502, 403])('a page of something that is not AWS, with status %i', async (status) => {
    const gateway = createServer((_request, response) => response.writeHead(status).end('<html>Sorry.</html>'));
    await new Promise<void>((listening) => gateway.listen(0, '127.0.0.1', listening));
    const AWS_ENDPOINT_URL = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
    expectRefusal(expect, await stage.run(['plan'], { AWS_ENDPOINT_URL }), {
      code: 1,
      says: `calling STS GetCallerIdentity: what answered is not AWS (HTTP ${status}, and no answer that the SDK can read)`,
      fix: 'A proxy, a captive portal or AWS_ENDPOINT_URL may be in the way',
    });
    gateway.close();
  });
});

describe('--debug', () => {
  /** AWS quotes what it was sent. */
  const quoting = (secret: string): Fault => ({
    ...{
      kind: 'error',
      match: { operation: 'CreateSecret' },
      times: 9,
      status: 400,
      code: 'InvalidParameterException',
    },
    message: `Invalid: {"TEMPORAL_API_KEY":"${secret}"} and ${Buffer.from(secret).toString('base64')}`,
  });
  const fromFile = 'key-from-a-file-8812';
  const path = join(folder, 'key.txt');
  writeFileSync(path, `${fromFile}\n`);

  it.each([
    ['of the environment', API_KEY, [], {}],
    ['of a file', fromFile, ['--temporal-api-key-file', path], { TEMPORAL_API_KEY: undefined }],
  ])('shows where an error came from, but no secret %s that AWS quotes', async (_where, secret, flags, env) => {
    await emulator.fault(quoting(secret));
    const { stderr, stdout, code } = await stage.run([...INIT, '--debug', ...flags], env);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^✖ creating secret with the Temporal credentials: .*\(InvalidParameterException: AWS quotes the secret in what it/m,
    );
    expect(stderr).toMatch(/InvalidParameterException: AWS quotes the secret .*\n {4}at /);
    expect(stdout + stderr).not.toContain(secret);
    expect(stdout + stderr).not.toContain(Buffer.from(secret).toString('base64'));
  });

  it('shows no secret that was typed at a terminal', async () => {
    const typed = 'key-typed-by-hand-5521';
    await emulator.fault(quoting(typed));
    const unanswered = { TEMPORAL_API_KEY: undefined, TEMPORAL_FARGATE_TEMPORAL_AUTH: 'api-key', CI: undefined };
    const terminal = stage.open(['init', '--verify', 'health', '--debug', '--config', everyAnswer()], unanswered);
    await answerQuestions(terminal, [
      ['Temporal API key', `${typed}${ENTER}`],
      ['Change an answer?', ENTER],
      ['Go on?', ENTER],
    ]);
    expect(await terminal.ended).toBe(1);
    expect(terminal.screen()).toMatch(/InvalidParameterException: AWS quotes the secret [^\n]*\n {4}at /);
    expect(terminal.raw()).not.toContain(typed);
    expect(terminal.raw()).not.toContain(Buffer.from(typed).toString('base64'));
  });
});

/** A config file with the default of every question, so that only secrets are asked for. */
function everyAnswer(): string {
  const given = {
    temporalNamespace: 'default',
    temporalTls: false,
    zones: 'us-east-1a,us-east-1b',
    architecture: 'arm64',
  };
  const usual = OPTIONS.flatMap(({ key, default: value, secret }) =>
    secret || value === undefined || value === '' || typeof value === 'function' ? [] : [[key, value]],
  );
  const file = join(folder, 'answers.json');
  writeFileSync(file, JSON.stringify({ ...Object.fromEntries(usual), ...given }));
  return file;
}
