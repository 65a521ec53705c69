import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { childEnvironment } from '../../src/child-environment.ts';
import { OPTIONS, shown } from '../../src/config/options.ts';
import { lookUp } from '../../src/config/sources.ts';
import { mend, wrong } from '../../src/config/wrong.ts';
import { lastLines, runTool } from '../../src/image/run-tool.ts';
import { temporalSecret } from '../../src/steps/secrets/temporal-secret.ts';
import { connectTemporal } from '../../src/temporal/connection.ts';
import { AwsStack } from '../helpers/aws-stack.ts';
import { findIn } from '../helpers/secret-search.ts';

const SECRET = 'planted/+"secret-of-some-length-7f3a';
const TOKEN = `planted-session-token-${'x'.repeat(300)}`;
const ACCESS_KEY = 'planted-secret-access-key-of-40-letters+';
const SECRET_OPTIONS = OPTIONS.filter(({ secret }) => secret);

const folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-errors-'));
/** Answers each call as AWS does to a value that it does not take: with the value. */
let quoting: Server;
beforeAll(async () => {
  quoting = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { SecretString } = JSON.parse(body);
      const message = `1 validation error detected: Value '${SecretString}' at 'secretString' failed`;
      response.writeHead(400, { 'x-amzn-errortype': 'ValidationException' }).end(JSON.stringify({ message }));
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => quoting.once('listening', resolve));
});
afterAll(() => {
  quoting.close();
  rmSync(folder, { recursive: true });
});

/** Everything that hangs on an error, hidden or not, as a crash dump would have it. */
const allOf = (error: unknown): Buffer =>
  Buffer.from(inspect(error, { depth: 30, showHidden: true, maxStringLength: null, maxArrayLength: null }));

const failureOf = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: Error) => error,
  );

describe('a secret answer', () => {
  it.each(SECRET_OPTIONS.map((option) => [option.key, option] as const))(
    '%s is not quoted by what is wrong with it',
    (_key, option) => {
      fc.assert(
        fc.property(fc.string(), fc.string(), (before, after) => {
          const answer = mend(option, `${before}${SECRET}${after}`).answer;
          const said = [wrong(option, answer, { temporalTlsClientCert: SECRET }), shown(option, answer)];
          for (const text of said) expect(findIn(Buffer.from(text ?? ''), SECRET)).toEqual([]);
        }),
      );
    },
  );

  it('that was given where the path of its file is asked for is not quoted either', () => {
    const sources = { flags: {}, env: {}, file: {}, state: {} };
    for (const option of SECRET_OPTIONS) {
      const { problem } = lookUp(option, { ...sources, paths: { [option.key]: SECRET } });
      expect(problem).toBe('the file cannot be read (ENOENT); give the path of one that holds it');
    }
  });
});

describe('an error', () => {
  it('of AWS has neither the value that it refused nor the keys of the call', async () => {
    const { port } = quoting.address() as AddressInfo;
    const address = { endpoint: `http://127.0.0.1:${port}`, accessKeyId: 'AKIA', secretAccessKey: ACCESS_KEY };
    const stack = new AwsStack(
      { ...address, sessionToken: TOKEN, region: 'us-east-1', accountId: '123456789012' },
      folder,
    );
    const value = JSON.stringify({ TEMPORAL_API_KEY: SECRET });
    const step = temporalSecret(value);
    const create = step.create(stack.aws, step.want(stack.config, {}), { tags: {}, token: 'token' });
    const error = await failureOf(create);
    stack.close();
    expect(error).toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('AWS quotes the secret'),
    });
    for (const secret of [SECRET, TOKEN, ACCESS_KEY]) expect(findIn(allOf(error), secret)).toEqual([]);
  });

  it('of a connection to Temporal has nothing of the credentials', async () => {
    const target = { address: '127.0.0.1:9', namespace: 'default', tls: false };
    const error = await failureOf(connectTemporal(target, { apiKey: SECRET, clientCert: SECRET, clientKey: SECRET }));
    expect(error).toMatchObject({ code: 'TEMPORAL_UNREACHABLE' });
    expect(findIn(allOf(error), SECRET)).toEqual([]);
  });
});

describe('a child of the program', () => {
  const names = [...SECRET_OPTIONS.flatMap(({ env }) => env), 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];
  const planted = Object.fromEntries(names.map((name) => [name, SECRET]));

  it('is told no secret, and only who may act in AWS has its keys', () => {
    expect(childEnvironment({}, { ...planted, PATH: '/bin', AWS_REGION: 'eu-west-1' })).toEqual({
      PATH: '/bin',
      AWS_REGION: 'eu-west-1',
    });
    const withKeys = childEnvironment({ aws: true }, planted);
    expect(Object.keys(withKeys).sort()).toEqual(['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']);
  });

  it('such as a package manager finds none in its environment', async () => {
    const before = { ...process.env };
    Object.assign(process.env, planted);
    try {
      writeFileSync(join(folder, 'tell.cjs'), 'console.log(Object.entries(process.env).join("\\n"))');
      const cannotStart = (cause: Error) => cause;
      const { status, output } = await runTool([process.execPath, 'tell.cjs'], { cwd: folder, cannotStart });
      expect(status, lastLines(output)).toBe(0);
      expect(output).toContain('PATH');
      expect(findIn(Buffer.from(output), SECRET)).toEqual([]);
    } finally {
      for (const name of names) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
    }
  });
});
