import { createConnection, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { refusal, useEmulator } from '../helpers/emulator.ts';

const emulator = useEmulator({ strict: ['off'] });

/** A request as raw text, since fetch does not let us choose Host. */
async function raw(request: readonly string[]): Promise<string> {
  const { port } = new URL(emulator.address.endpoint);
  const socket: Socket = createConnection(Number(port), '127.0.0.1');
  socket.write(`${[...request, 'Connection: close'].join('\r\n')}\r\n\r\n`);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

const hostLine = () => `Host: ${new URL(emulator.address.endpoint).host}`;
const keyLine = () => `x-sandbox-key: ${emulator.address.secretAccessKey}`;

function configWith(credentials: { accessKeyId?: string; secretAccessKey?: string }) {
  const { endpoint, region, accessKeyId, secretAccessKey } = emulator.address;
  return { endpoint, region, maxAttempts: 1, credentials: { accessKeyId, secretAccessKey, ...credentials } };
}

/** How services of four protocols refuse a read: STS, Secrets Manager, EC2, S3. */
function refusalsOf(config: ReturnType<typeof configWith> & { systemClockOffset?: number }) {
  return Promise.all([
    refusal(new STSClient(config).send(new GetCallerIdentityCommand({}))),
    refusal(new SecretsManagerClient(config).send(new ListSecretsCommand({}))),
    refusal(new EC2Client(config).send(new DescribeVpcsCommand({}))),
    refusal(new S3Client({ ...config, forcePathStyle: true }).send(new ListBucketsCommand({}))),
  ]);
}

describe('the door', () => {
  it('lets a control request in that has the key and comes from nowhere else', async () => {
    expect(await raw(['GET /_sandbox/health HTTP/1.1', hostLine(), keyLine()])).toContain('200 OK');
  });

  it('refuses any request with an Origin header, even with the key', async () => {
    const answer = await raw(['GET /_sandbox/health HTTP/1.1', hostLine(), keyLine(), 'Origin: http://127.0.0.1']);
    expect(answer).toContain('403 ');
  });

  it.each(['evil.example', 'localhost', '127.0.0.1:1', 'bucket.localhost'])('refuses the Host %s', async (host) => {
    const answer = await raw(['GET /_sandbox/health HTTP/1.1', `Host: ${host}`, keyLine()]);
    expect(answer).toContain('403 ');
  });

  it('refuses OPTIONS, so that no preflight ever succeeds', async () => {
    expect(await raw(['OPTIONS /_sandbox/health HTTP/1.1', hostLine(), keyLine()])).toContain('403 ');
  });

  it('sends no CORS header with any answer', async () => {
    const answers = [
      await raw(['GET /_sandbox/health HTTP/1.1', hostLine(), keyLine()]),
      await raw(['GET / HTTP/1.1', hostLine()]),
      await raw(['OPTIONS / HTTP/1.1', hostLine(), 'Origin: http://evil.example']),
    ];
    for (const answer of answers) expect(answer.toLowerCase()).not.toContain('access-control');
  });

  it('refuses a control request without the key or with another one', async () => {
    expect(await raw(['GET /_sandbox/inventory HTTP/1.1', hostLine()])).toContain('403 ');
    expect(await raw(['GET /_sandbox/inventory HTTP/1.1', hostLine(), 'x-sandbox-key: guess'])).toContain('403 ');
    expect(await raw(['POST /_sandbox/reset HTTP/1.1', hostLine(), 'Content-Length: 0'])).toContain('403 ');
  });

  it.each(['/moto-api/reset', '/moto-api/data.json', '/latest/meta-data/'])(
    "does not answer moto's own endpoint %s",
    async (path) => {
      expect(await raw([`GET ${path} HTTP/1.1`, hostLine()])).toContain('403 ');
    },
  );

  it('listens on the loopback interface only', async () => {
    const { port } = new URL(emulator.address.endpoint);
    const outside = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    const attempts = await Promise.all(
      outside.map(
        ({ address }) =>
          new Promise<string>((resolve) => {
            const socket = createConnection(Number(port), address);
            socket.once('connect', () => resolve('connected'));
            socket.once('error', ({ message }) => resolve(message));
          }),
      ),
    );
    expect(attempts.filter((outcome) => outcome === 'connected')).toEqual([]);
  });
});

describe('signatures', () => {
  it('accepts the key of this start and says who it is', async () => {
    const identity = await emulator.clients.sts.send(new GetCallerIdentityCommand({}));
    expect(identity.Arn).toBe('arn:aws:iam::123456789012:user/sandbox');
    expect(identity.Account).toBe('123456789012');
  });

  it('refuses an unsigned request', async () => {
    expect(await raw(['GET /bucket/key HTTP/1.1', hostLine()])).toMatch(/403 [\s\S]*AccessDenied/);
    const json = ['POST / HTTP/1.1', hostLine(), 'X-Amz-Target: secretsmanager.ListSecrets', 'Content-Length: 0'];
    expect(await raw(json)).toMatch(/403 [\s\S]*MissingAuthenticationTokenException/);
  });

  it("refuses an unknown access key with each service's own error name", async () => {
    const config = configWith({ accessKeyId: 'AKIAIOSFODNN7EXAMPLE' });
    const outcomes = await refusalsOf(config);
    expect(outcomes.map(({ name }) => name)).toEqual([
      'InvalidClientTokenId',
      'UnrecognizedClientException',
      'AuthFailure',
      'InvalidAccessKeyId',
    ]);
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set([403]));
  });

  it('refuses a wrong secret: the signature does not match', async () => {
    const outcomes = await refusalsOf(configWith({ secretAccessKey: 'wrong' }));
    expect(outcomes.map(({ name }) => name)).toEqual([
      'SignatureDoesNotMatch',
      'InvalidSignatureException',
      'AuthFailure',
      'SignatureDoesNotMatch',
    ]);
  });

  // EC2 API reference, RequestExpired: "more than 15 minutes after the date stamp on the request".
  it.each([-20, 20])('refuses a request that is %i minutes off, as each service words it', async (minutes) => {
    const config = { ...configWith({}), systemClockOffset: minutes * 60_000 };
    const outcomes = await refusalsOf(config);
    expect(outcomes.map(({ name }) => name)).toEqual([
      'SignatureDoesNotMatch',
      'InvalidSignatureException',
      'RequestExpired',
      'RequestTimeTooSkewed',
    ]);
    const near = new STSClient({ ...config, systemClockOffset: minutes * 30_000 });
    expect((await near.send(new GetCallerIdentityCommand({}))).Account).toBe('123456789012');
  });

  it('refuses a body that is not the signed one', async () => {
    const client = new SecretsManagerClient(configWith({}));
    client.middlewareStack.add(
      (next) => (args) => {
        (args.request as { body: string }).body = '{"MaxResults": 2}';
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    expect((await refusal(client.send(new ListSecretsCommand({ MaxResults: 1 })))).name).toBe(
      'InvalidSignatureException',
    );
  });
});

describe('a connection', () => {
  it('carries one request after the other, whatever their answers', async () => {
    const { port } = new URL(emulator.address.endpoint);
    const socket: Socket = createConnection(Number(port), '127.0.0.1');
    const body = 'x'.repeat(200_000);
    const requests = [
      ['GET /_sandbox/health HTTP/1.1', hostLine(), keyLine()],
      ['POST /_sandbox/nothing HTTP/1.1', hostLine(), keyLine(), `Content-Length: ${body.length}`],
      ['HEAD /_sandbox/health HTTP/1.1', hostLine(), keyLine()],
      ['GET /_sandbox/health HTTP/1.1', hostLine(), keyLine(), 'Connection: close'],
    ].map((lines) => `${lines.join('\r\n')}\r\n\r\n${lines[0]?.startsWith('POST') ? body : ''}`);
    socket.write(requests.join(''));
    let answers = '';
    for await (const chunk of socket) answers += String(chunk);
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200', 'HTTP/1.1 200']);
  });
});
