import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gather } from '../../src/config/answers.ts';
import type { Answers } from '../../src/config/option.ts';
import type { Paths } from '../../src/config/sources.ts';
import { UserError } from '../../src/errors.ts';
import { makeCertificates } from '../../src/sandbox/certificates.ts';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import { ConfigError, readConfig } from '../../worker/config.ts';
import { testCacheDir } from '../helpers/emulator.ts';
import { certificateFiles } from '../helpers/temporal-front.ts';

const folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-settings-'));
const { path, pem } = certificateFiles(folder);
beforeAll(async () => {
  await makeCertificates(await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined }), folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

type Env = Record<string, string>;

/** What `init --yes` makes of the variables (and flags): answers with the echoed notes, or what it refuses. */
async function byCli(env: Env, given: { flags?: Answers; paths?: Paths; state?: Answers } = {}) {
  const echoed: string[] = [];
  try {
    const answers = await gather({
      stage: 'what',
      sources: { flags: {}, file: {}, state: {}, env, ...given },
      known: { zones: ['us-east-1a', 'us-east-1b'] },
      given: {},
      stored: [],
      fallback: {},
      echo: (option, answer, source) => echoed.push(`${option.key}: ${option.secret ? '***' : answer} (${source})`),
    });
    return { answers, echoed, refusal: '' };
  } catch (error) {
    if (error instanceof UserError) return { answers: {} as Answers, echoed, refusal: error.message };
    throw error;
  }
}

/** What the worker makes of the same variables. */
function byWorker(env: Env) {
  try {
    const required = { TEMPORAL_NAMESPACE: 'default', TEMPORAL_TASK_QUEUE: 'q', DATA_BUCKET: 'data' };
    return { connection: readConfig({ ...required, ...env }).connection, refusal: '' };
  } catch (error) {
    if (error instanceof ConfigError) return { connection: {}, refusal: error.message };
    throw error;
  }
}

describe('an address, for the program and for the worker alike', () => {
  const env = (address: string): Env => ({ TEMPORAL_ADDRESS: address, TEMPORAL_API_KEY: 'key' });

  it.each([
    ['temporal.example', 'temporal.example:7233'],
    ['temporal.example:7244', 'temporal.example:7244'],
    ['Orders.A1B2C.tmprl.cloud:7233', 'orders.a1b2c.tmprl.cloud:7233'],
    ['my_server:1', 'my_server:1'],
    ['10.0.0.1:65535', '10.0.0.1:65535'],
    ['temporal.example:07233', 'temporal.example:7233'],
    ['[::1]', '[::1]:7233'],
    ['::1', '[::1]:7233'],
    ['[2001:db8::7]:80', '[2001:db8::7]:80'],
  ])('%s is %s', async (given, expected) => {
    expect(byWorker(env(given)).connection.address).toBe(expected);
    const { answers, echoed } = await byCli(env(given));
    expect(answers.temporalAddress).toBe(expected);
    expect(echoed).toContain(`temporalAddress: ${expected} (TEMPORAL_ADDRESS)`);
  });

  it.each([
    ['https://temporal.example:7233/', 'temporal.example:7233'],
    ['http://temporal.example//', 'temporal.example:7233'],
    ['grpc://temporal.example', 'temporal.example:7233'],
    ['GRPCS://[::1]:80', '[::1]:80'],
    [' temporal.example:7233\n', 'temporal.example:7233'],
  ])('%j is mended, and the person is told', async (given, expected) => {
    expect(byWorker(env(given)).connection.address).toBe(expected);
    const { answers, echoed } = await byCli(env(given));
    expect(answers.temporalAddress).toBe(expected);
    expect(echoed).toContain(`temporalAddress: ${expected} (TEMPORAL_ADDRESS, written as "${given}")`);
  });

  const FORM = 'is not of the form host or host:port';
  it.each([
    ['https://', 'is empty'],
    ['temporal example:7233', 'holds a space'],
    [':7233', FORM],
    ['user@temporal.example', FORM],
    ['temporal.example/path', FORM],
    ['ftp://temporal.example', FORM],
    ['temporal..example', FORM],
    ['-temporal.example', FORM],
    ['10.0.0.256', FORM],
    ['[temporal.example]:7233', FORM],
    ['[fe80::1%eth0]:7233', FORM],
    [`${'a'.repeat(64)}.example`, FORM],
    ['témporal.example', FORM],
    ['temporal.example:', 'has the port "", which is not a number from 1 to 65535'],
    ['temporal.example:0', 'has the port "0", which is not a number from 1 to 65535'],
    ['temporal.example:65536', 'has the port "65536", which is not a number from 1 to 65535'],
    ['temporal.example:port', 'has the port "port", which is not a number from 1 to 65535'],
  ])('%s is refused in the same words', async (given, says) => {
    expect(byWorker(env(given)).refusal).toContain(`TEMPORAL_ADDRESS ${says}`);
    expect((await byCli(env(given))).refusal).toContain(`--temporal-address: "${given}" ${says}`);
  });
});

describe('an API key, for the program and for the worker alike', () => {
  const env = (key: string): Env => ({ TEMPORAL_ADDRESS: 'temporal.example', TEMPORAL_API_KEY: key });

  it('loses the line end that it was pasted or stored with', async () => {
    expect(byWorker(env('key\n')).connection.apiKey).toBe('key');
    expect((await byCli(env('key\r\n'))).answers.temporalApiKey).toBe('key');
    const file = join(folder, 'key');
    writeFileSync(file, 'from-file\n');
    const { answers } = await byCli({ TEMPORAL_ADDRESS: 'a' }, { paths: { temporalApiKey: file } });
    expect(answers.temporalApiKey).toBe('from-file');
  });

  it.each(['planted secret', 'planted\nsecret', 'planted\tsecret', 'planted\u007fsecret', 'plantéd'])(
    '%j is refused without being quoted',
    async (key) => {
      const refusals = [byWorker(env(key)).refusal, (await byCli(env(key))).refusal];
      for (const refusal of refusals) {
        expect(refusal).toContain('holds a space, a line break or a character outside ASCII');
        expect(refusal).not.toContain('plant');
      }
    },
  );
});

describe('certificates, for the program and for the worker alike', () => {
  const base = { TEMPORAL_ADDRESS: 'temporal.example' };
  const pair = (cert: string, key: string): Env => ({
    ...base,
    TEMPORAL_TLS_CLIENT_CERT_DATA: cert,
    TEMPORAL_TLS_CLIENT_KEY_DATA: key,
  });

  it('are taken from variables and from files', async () => {
    const files = {
      ...base,
      TEMPORAL_TLS_CLIENT_CERT_PATH: path('client'),
      TEMPORAL_TLS_CLIENT_KEY_PATH: path('client', 'key'),
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: path('ca'),
      TEMPORAL_TLS_SERVER_NAME: 'temporal.internal',
    };
    const data = {
      ...pair(pem('client'), pem('client', 'key')),
      TEMPORAL_TLS_SERVER_CA_CERT_DATA: pem('ca'),
      TEMPORAL_TLS_SERVER_NAME: 'temporal.internal',
    };
    const { answers } = await byCli(files);
    expect(answers).toMatchObject({
      temporalAuth: 'mtls',
      temporalTls: true,
      temporalTlsServerName: 'temporal.internal',
    });
    expect(answers.temporalTlsClientKey).toBe(pem('client', 'key').trim());
    expect(answers.temporalTlsServerCaCert).toBe(pem('ca').trim());
    expect((await byCli(data)).answers).toEqual(answers);
    for (const env of [files, data]) {
      const { tls } = byWorker(env).connection;
      expect(tls).toMatchObject({ serverNameOverride: 'temporal.internal' });
      const { clientCertPair, serverRootCACertificate } = tls as NonNullable<Exclude<typeof tls, boolean>>;
      expect(String(Buffer.from(serverRootCACertificate ?? []))).toBe(pem('ca'));
      expect(String(Buffer.from(clientCertPair?.key ?? []))).toBe(pem('client', 'key'));
    }
  });

  it.each<[string, () => Env, string]>([
    ['a version 1 client certificate', () => pair(pem('client-v1'), pem('client-v1', 'key')), 'is X.509 version 1'],
    ['what is no certificate', () => pair('planted', pem('client', 'key')), 'is not a PEM certificate'],
    [
      'the key of another certificate',
      () => pair(pem('client'), pem('stranger-client', 'key')),
      'is not the private key of the client certificate',
    ],
    ['what is no key', () => pair(pem('client'), 'planted'), 'is not a PEM private key without a passphrase'],
    ['a key with a passphrase', () => pair(pem('client'), locked()), 'is not a PEM private key without a passphrase'],
    [
      'a CA that is no certificate',
      () => ({ ...base, TEMPORAL_API_KEY: 'key', TEMPORAL_TLS_SERVER_CA_CERT_DATA: 'planted' }),
      'is not a PEM certificate',
    ],
  ])('%s: refused in the same words', async (_what, env, says) => {
    for (const refusal of [byWorker(env()).refusal, (await byCli(env())).refusal]) {
      expect(refusal).toContain(says);
      expect(refusal).not.toMatch(/planted|BEGIN/);
    }
  });

  const locked = (): string =>
    createPrivateKey(
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' }),
    )
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
      .toString();

  it('that come both as text and as a file, or not in pairs, are refused', async () => {
    const both = { ...pair(pem('client'), pem('client', 'key')), TEMPORAL_TLS_CLIENT_CERT_PATH: path('client') };
    expect((await byCli(both)).refusal).toContain(
      'TEMPORAL_TLS_CLIENT_CERT_DATA and TEMPORAL_TLS_CLIENT_CERT_PATH are both',
    );
    expect(byWorker(both).refusal).toContain('TEMPORAL_TLS_');
    const half = { ...base, TEMPORAL_TLS_CLIENT_CERT_PATH: path('client') };
    expect((await byCli(half)).refusal).toContain(
      'missing: Its private key (PEM file) (TEMPORAL_TLS_CLIENT_KEY_DATA or',
    );
    expect(byWorker(half).refusal).toContain('TEMPORAL_TLS_CLIENT_CERT and TEMPORAL_TLS_CLIENT_KEY');
  });
});

describe('answers about TLS', () => {
  it('that were given earlier stay, until an empty one takes them back', async () => {
    const state = {
      temporalAuth: 'none',
      temporalTls: true,
      temporalTlsServerCaCert: pem('ca'),
      temporalTlsServerName: 'a.b',
    };
    const env = { TEMPORAL_ADDRESS: 'temporal.example' };
    expect((await byCli(env, { state })).answers).toMatchObject({ temporalTlsServerCaCert: pem('ca').trim() });
    const cleared = { paths: { temporalTlsServerCaCert: '' }, flags: { temporalTlsServerName: '' }, state };
    expect((await byCli(env, cleared)).answers).toMatchObject({
      temporalTlsServerCaCert: '',
      temporalTlsServerName: '',
    });
  });

  it('on the command line that the others make useless are refused, not ignored', async () => {
    const paths = { temporalTlsServerCaCert: path('ca'), temporalTlsClientCert: path('client') };
    const flags = { temporalAuth: 'none', temporalTls: false, temporalTlsServerName: 'a.b' };
    const { refusal } = await byCli({ TEMPORAL_ADDRESS: 'temporal.example' }, { flags, paths });
    for (const flag of [
      '--temporal-tls-server-ca-cert-path',
      '--temporal-tls-client-cert-path',
      '--temporal-tls-server-name',
    ]) {
      expect(refusal).toContain(`${flag}: it has no use with the other answers`);
    }
  });

  it.each(['temporal.example:7233', 'Temporal.Example', 'a b'])('do not take %s for a server name', async (name) => {
    const { refusal } = await byCli({ TEMPORAL_ADDRESS: 'a', TEMPORAL_API_KEY: 'k', TEMPORAL_TLS_SERVER_NAME: name });
    expect(refusal).toContain(`--temporal-tls-server-name: "${name}" is no host name in lower case, without a port`);
  });
});
