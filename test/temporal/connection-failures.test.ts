import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import type { TemporalFront } from '../../src/sandbox/temporal-front.ts';
import { connectTemporal } from '../../src/temporal/connection.ts';
import { startAlertingServer } from '../helpers/alerting-server.ts';
import { eventually, testCacheDir } from '../helpers/emulator.ts';
import { type CertificateName, useFronts } from '../helpers/temporal-front.ts';
import { buildImage, startWorker, unpackImage } from '../worker/worker-process.ts';

const fronts = useFronts();
const scratch = mkdtempSync(join(tmpdir(), 'temporal-fargate-failures-'));
let unpacked: Awaited<ReturnType<typeof unpackImage>>;
let keyed: TemporalFront;
let mutual: TemporalFront;
let named: TemporalFront;
let alerting: Awaited<ReturnType<typeof startAlertingServer>>;
let silent: Server;

beforeAll(async () => {
  unpacked = await unpackImage(await buildImage(scratch), join(scratch, 'root'));
  const apiKeys = () => [{ key: 'good' }, { key: 'key-of-last-year', expiresAt: new Date(0) }];
  keyed = await fronts.front({ auth: 'api-key', apiKeys, namespaces: ['default', 'gone.a1b2c'] });
  mutual = await fronts.front({ auth: 'mtls' });
  named = await fronts.front({ auth: 'none', certificate: 'server-named' });
  const environment = await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined });
  alerting = await startAlertingServer(environment, fronts.certificates);
  silent = createServer();
  await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
}, 120_000);
afterAll(async () => {
  silent?.close();
  await alerting?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

interface Case {
  readonly what: string;
  readonly at: () => string;
  readonly namespace?: string;
  readonly tls?: boolean;
  readonly ca?: CertificateName | 'public';
  readonly apiKey?: string;
  readonly client?: CertificateName;
  readonly says: string;
  readonly fix: string;
  /** What may pass by itself is no error of the worker's. */
  readonly level?: 'WARN';
}

const UNREACHABLE = { level: 'WARN' } as const;
const CASES: readonly Case[] = [
  {
    what: 'a port where nothing listens',
    at: () => '127.0.0.1:1',
    says: 'nothing listens there',
    fix: 'Check host and port of TEMPORAL_ADDRESS',
    ...UNREACHABLE,
  },
  {
    what: 'a host that is not known',
    at: () => 'nowhere.invalid:7233',
    says: 'its host name is not known',
    fix: 'Check the spelling of TEMPORAL_ADDRESS',
    ...UNREACHABLE,
  },
  {
    what: 'TLS to a server without',
    at: () => fronts.backend.address,
    says: 'the server does not speak TLS',
    fix: 'Check the port of TEMPORAL_ADDRESS, or set TEMPORAL_TLS to false.',
  },
  {
    what: 'no TLS to a server with',
    at: () => mutual.address,
    tls: false,
    says: 'the server wants TLS',
    fix: 'Set TEMPORAL_TLS to true.',
  },
  {
    what: 'a server whose CA is none of the public ones',
    at: () => named.address,
    ca: 'public',
    says: "the server's certificate is signed by a CA that is not trusted",
    fix: 'Give that CA with TEMPORAL_TLS_SERVER_CA_CERT_PATH.',
  },
  {
    what: 'a server of another CA than the given one',
    at: () => mutual.address,
    ca: 'stranger-ca',
    says: "the server's certificate is signed by a CA that is not trusted",
    fix: 'Give that CA with TEMPORAL_TLS_SERVER_CA_CERT_PATH.',
  },
  {
    what: 'a server of another name, as behind AWS PrivateLink',
    at: () => named.address,
    says: "the server's certificate is for another name",
    fix: 'or give the name with TEMPORAL_TLS_SERVER_NAME.',
  },
  {
    what: 'no client certificate where one is asked for',
    at: () => mutual.address,
    says: 'the server asks for a client certificate',
    fix: 'TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH.',
  },
  {
    what: 'a client certificate that has expired, to a server that says so',
    at: () => alerting.address,
    client: 'client-expired',
    says: 'the client certificate has expired',
    fix: 'Give a new one with TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH.',
  },
  {
    what: 'a client certificate that has expired, to a server that only hangs up',
    at: () => mutual.address,
    client: 'client-expired',
    says: 'the client certificate has expired',
    fix: 'Give a new one with TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH.',
  },
  {
    what: 'a client certificate of another CA, to a server that says so',
    at: () => alerting.address,
    client: 'stranger-client',
    says: 'the server does not accept the client certificate',
    fix: 'knows the CA that signed it.',
  },
  {
    what: 'a client certificate of another CA, to a server that only hangs up',
    at: () => mutual.address,
    client: 'stranger-client',
    says: 'the server does not accept the client certificate',
    fix: 'knows the CA that signed it.',
  },
  {
    what: 'a wrong key',
    at: () => keyed.address,
    apiKey: 'bad',
    says: 'the server does not accept the credentials',
    fix: 'Check that TEMPORAL_API_KEY is whole, not expired and not revoked.',
  },
  {
    what: 'an expired key',
    at: () => keyed.address,
    apiKey: 'key-of-last-year',
    says: 'the server does not accept the credentials',
    fix: 'Check that TEMPORAL_API_KEY is whole, not expired and not revoked.',
  },
  {
    what: 'a namespace without its account',
    at: () => keyed.address,
    apiKey: 'good',
    namespace: 'gone',
    says: 'the credentials may not use the namespace',
    fix: 'In Temporal Cloud a namespace is name.account: check',
  },
  {
    what: 'a namespace that is not there',
    at: () => keyed.address,
    apiKey: 'good',
    namespace: 'gone.a1b2c',
    says: 'there is no such namespace',
    fix: 'in Temporal Cloud it is name.account.',
  },
];

async function refusalByCli({ at, namespace = 'default', tls = true, ca = 'ca', apiKey, client }: Case) {
  const target = { address: at(), namespace, tls, serverCaCert: ca === 'public' ? undefined : fronts.pem(ca) };
  const pair = client === undefined ? {} : { clientCert: fronts.pem(client), clientKey: fronts.pem(client, 'key') };
  try {
    const connected = await connectTemporal(target, { apiKey, ...pair });
    await connected.connection.close();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('the connection was not refused');
}

/**
 * The line that the real worker process logs of it; then it is ended. Not always of the first attempt: when a server
 * hangs up at once, the core may find its own sending broken before it reads the server's reason.
 */
async function lineOfWorker({ at, namespace = 'default', tls = true, ca = 'ca', apiKey, client }: Case, says: string) {
  const worker = startWorker(unpacked, {
    TEMPORAL_ADDRESS: at(),
    TEMPORAL_NAMESPACE: namespace,
    TEMPORAL_TASK_QUEUE: 'test-queue',
    DATA_BUCKET: 'data',
    AWS_REGION: 'us-east-1',
    TEMPORAL_TLS: String(tls),
    ...(tls && ca !== 'public' && { TEMPORAL_TLS_SERVER_CA_CERT_PATH: fronts.path(ca) }),
    ...(apiKey !== undefined && { TEMPORAL_API_KEY: apiKey }),
    ...(client && {
      TEMPORAL_TLS_CLIENT_CERT_DATA: fronts.pem(client),
      TEMPORAL_TLS_CLIENT_KEY_DATA: fronts.pem(client, 'key'),
    }),
  });
  try {
    return await eventually(says, async () => worker.lines().find(({ message }) => message === says), 60);
  } finally {
    await worker.dispose();
  }
}

describe('why Temporal cannot be used, in the same words by the program and by the worker', () => {
  it.each(CASES)('$what', async (failure) => {
    const { level = 'ERROR', says, fix, namespace } = failure;
    const opening = level === 'WARN' ? 'Temporal cannot be reached' : 'Temporal cannot be used';
    const [error, line] = await Promise.all([refusalByCli(failure), lineOfWorker(failure, `${opening}: ${says}`)]);
    expect(error.message).toBe(
      `connecting to Temporal at ${failure.at()}: ${says}${namespace === undefined ? '' : ` (${namespace})`}`,
    );
    expect(line).toMatchObject({ level, attempt: expect.any(Number), retryInMs: expect.any(Number) });
    // The program names flags where the worker has variables only.
    expect(error.fix.replaceAll('--temporal-namespace', 'TEMPORAL_NAMESPACE')).toContain(fix);
    expect(line.fix).toContain(fix);
  });

  it('a server that accepts and says nothing, after the given time', async () => {
    const { port } = silent.address() as { port: number };
    const target = { address: `127.0.0.1:${port}`, namespace: 'default', tls: true };
    await expect(connectTemporal(target, {}, { timeoutSeconds: 0.2 })).rejects.toMatchObject({
      code: 'TEMPORAL_UNREACHABLE',
      message: `connecting to Temporal at 127.0.0.1:${port}: it does not answer`,
    });
  });
});
