import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificates } from '../../src/sandbox/certificates.ts';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import { startTemporalFront, type TemporalFront } from '../../src/sandbox/temporal-front.ts';
import { type Inventory, testCacheDir } from '../helpers/emulator.ts';
import { countable } from '../helpers/inventory.ts';
import { findIn } from '../helpers/secret-search.ts';
import { useSandbox } from '../helpers/temporal.ts';
import { certificateFiles } from '../helpers/temporal-front.ts';

const API_KEY = 'planted-key-5d20c1e8';

const sandbox = useSandbox();
const folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-security-'));
const { path, pem } = certificateFiles(folder);
const fronts: TemporalFront[] = [];
const written: string[] = [];
let empty: Inventory;

beforeAll(async () => {
  await makeCertificates(await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined }), folder);
  const [backend, certificates] = [sandbox.temporalAddress, folder];
  for (const auth of ['api-key', 'mtls'] as const) {
    fronts.push(await startTemporalFront({ backend, certificates, auth, apiKeys: () => [{ key: API_KEY }] }));
  }
  empty = await sandbox.emulator.inventory();
});
afterAll(async () => {
  await Promise.all(fronts.map((front) => front.stop()));
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the built program without anything of Temporal in its environment but what is given. */
async function run(command: string, env: NodeJS.ProcessEnv = {}) {
  const result = await sandbox.run(command.split(' '), { TEMPORAL_ADDRESS: undefined, ...env });
  written.push(result.stdout, result.stderr);
  return result;
}

async function secret(): Promise<unknown> {
  const SecretId = 'temporal-fargate/dev/temporal';
  const { SecretString } = await sandbox.emulator.clients.secrets.send(new GetSecretValueCommand({ SecretId }));
  return JSON.parse(SecretString ?? '');
}

/** The worker's environment in its newest task definition, and the names of what comes from the secret. */
async function container(): Promise<{ environment: Record<string, string>; secrets: string[] }> {
  const { taskDefinition } = await sandbox.emulator.clients.ecs.send(
    new DescribeTaskDefinitionCommand({ taskDefinition: 'temporal-fargate-dev_worker' }),
  );
  const { environment = [], secrets = [] } = taskDefinition?.containerDefinitions?.[0] ?? {};
  return {
    environment: Object.fromEntries(environment.map(({ name = '', value = '' }) => [name, value])),
    secrets: secrets.map(({ name = '' }) => name),
  };
}

describe('a stack whose Temporal server speaks TLS with a CA of its own', () => {
  it('is up with an API key: Temporal reports the worker, and trigger shows a result', async () => {
    const env = {
      TEMPORAL_ADDRESS: `https://${fronts[0]?.address}/`,
      TEMPORAL_API_KEY: `${API_KEY}\n`,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: path('ca'),
    };
    const made = await run('init --yes', env);
    expect(made.stderr).toContain(
      `Address of the Temporal server: ${fronts[0]?.address} (TEMPORAL_ADDRESS, written as`,
    );
    expect(made.stdout).toMatch(/Temporal reports dev\/[0-9a-f]{32}\/[0-9a-f]{12} as a poller/);
    expect(await secret()).toEqual({ TEMPORAL_API_KEY: API_KEY });
    expect(await container()).toMatchObject({
      environment: { TEMPORAL_TLS: 'true', TEMPORAL_TLS_SERVER_CA_CERT_DATA: pem('ca').trim() },
      secrets: ['TEMPORAL_API_KEY'],
    });
    // Without the key: it is read from the stack's secret.
    expect((await run('trigger')).stdout).toMatch(/^s3:\/\/\S+\.txt\n$/);
  });

  it('changes to a client certificate with an update, and runs on it', async () => {
    const flags = [
      `--temporal-address ${fronts[1]?.address} --temporal-auth mtls`,
      `--temporal-tls-client-cert-path ${path('client')} --temporal-tls-client-key-path ${path('client', 'key')}`,
    ].join(' ');
    const changed = await run(`init --yes ${flags}`);
    expect(changed.code).toBe(0);
    expect(changed.stderr).toMatch(/Plan: \d+ to update, \d+ unchanged\./);
    expect(changed.stderr).toMatch(/Client certificate \(PEM file\): CN=worker, valid until \d{4}-/);
    expect(await secret()).toEqual({
      TEMPORAL_TLS_CLIENT_CERT_DATA: pem('client').trim(),
      TEMPORAL_TLS_CLIENT_KEY_DATA: pem('client', 'key').trim(),
    });
    expect((await container()).secrets).toEqual(['TEMPORAL_TLS_CLIENT_CERT_DATA', 'TEMPORAL_TLS_CLIENT_KEY_DATA']);
    expect((await run('trigger --debug')).stdout).toMatch(/^s3:\/\/\S+\.txt\n$/);
    expect((await run('status')).stdout).toMatch(/ yes$/m);
    expect((await run('init --yes')).stdout).toBe('Stack dev is as configured. Nothing was changed.\n');
  });

  it('is destroyed to nothing, and neither key was written anywhere', async () => {
    const gone = await run('destroy --yes --purge --delete-data --delete-state-bucket --confirm dev');
    expect(gone.stdout).toMatch(/^0 left$/m);
    expect(countable(await sandbox.emulator.inventory())).toEqual(countable(empty));
    // The longest line of a PEM is its own search word: output may break it anew.
    const [, line = ''] = pem('client', 'key').split('\n');
    for (const key of [API_KEY, line]) expect(findIn(Buffer.from(written.join('\n')), key)).toEqual([]);
  });
});
