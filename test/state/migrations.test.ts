import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { stackConfig } from '../../src/config/schema.ts';
import { parseDocument, SCHEMA_VERSION } from '../../state/document.ts';
import { MIGRATIONS, type Migration, migrate } from '../../state/migrations.ts';
import { cliEnvironment, leanBin, runCli } from '../helpers/cli.ts';
import { useEmulator } from '../helpers/emulator.ts';
import { putText, storeFor, textOf, useCleanUp } from './stage.ts';

useCleanUp();

const emulator = useEmulator({ delaySeconds: 0.1 });
beforeEach(() => emulator.reset());
const KEY = 'dev/state.json';
const identity = { where: KEY, stack: 'dev', accountId: '123456789012', region: 'us-east-1' };

/** What the program of that version had stored after its `init` of the reference stack; kept for ever. */
const fileOf = (version: number): URL => new URL(`./samples/v${version}.json`, import.meta.url);
const versions = Array.from({ length: SCHEMA_VERSION }, (_unused, index) => index + 1);

describe('migrations', () => {
  const renamed: Migration = ({ old, ...rest }) => ({ ...rest, new: old });
  const doubled: Migration = (fields) => ({ ...fields, new: Number(fields.new) * 2 });

  it('are applied one after the other from the version of the document on, and leave the original as it is', () => {
    const first = { schemaVersion: 1, old: 2, kept: 'yes' };
    expect(migrate(first, 1, [renamed, doubled])).toEqual({ schemaVersion: 3, new: 4, kept: 'yes' });
    expect(first).toEqual({ schemaVersion: 1, old: 2, kept: 'yes' });
    expect(migrate({ schemaVersion: 2, new: 2 }, 2, [renamed, doubled])).toEqual({ schemaVersion: 3, new: 4 });
    expect(migrate({ schemaVersion: 3, new: 2 }, 3, [renamed, doubled])).toEqual({ schemaVersion: 3, new: 2 });
  });

  it.each([
    ['single', 'private'],
    ['per-zone', 'private-per-az'],
    ['none', 'public'],
  ])('of a document with nat "%s" make it the network "%s"', (nat, preset) => {
    const text = readFileSync(fileOf(1), 'utf8').replace('"nat": "single"', `"nat": "${nat}"`);
    const { cidr, zones } = JSON.parse(text).configs[0].network;
    const [config] = parseDocument(text, identity).configs;
    expect(config?.network).toMatchObject({ preset, cidr, zones });
    expect(config?.network).not.toHaveProperty('nat');
  });

  it('lead to the version that this program writes', () => {
    expect(SCHEMA_VERSION).toBe(MIGRATIONS.length + 1);
  });
});

describe.each(versions)('the kept sample of schema version %i', (version) => {
  // TEMPORAL_FARGATE_WRITE_SAMPLE=1 npx vitest run test/state/migrations.test.ts, once for a new version.
  it.runIf(process.env.TEMPORAL_FARGATE_WRITE_SAMPLE && !existsSync(fileOf(version)))('is written', async () => {
    const env = cliEnvironment(emulator.address, { TEMPORAL_ADDRESS: 'dev.a1b2c.tmprl.cloud:7233' });
    const made = await runCli(
      ['init', '--yes', '--verify', 'health'],
      { ...env, TEMPORAL_API_KEY: 'key' },
      undefined,
      leanBin(),
    );
    expect(made).toMatchObject({ code: 0 });
    const { s3, own } = await storeFor(emulator);
    writeFileSync(fileOf(version), `${await textOf(s3, own, KEY)}\n`);
  });

  it('is brought to the newest version, with a config that is understood', () => {
    const text = readFileSync(fileOf(version), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ schemaVersion: version });
    const document = parseDocument(text, identity);
    expect(document).toMatchObject({ schemaVersion: SCHEMA_VERSION, stack: 'dev' });
    expect(Object.values(document.steps).filter(({ id }) => id !== undefined).length).toBeGreaterThanOrEqual(25);
    expect(document.steps['image/worker-image/worker']?.id).toMatch(/^sha256:/);
    expect(document.steps).not.toHaveProperty(['image/worker-image']);
    expect(stackConfig.parse(document.configs.at(-1))).toMatchObject({ stack: 'dev', workers: [{ name: 'worker' }] });
  });

  it('can be planned with, and is not rewritten by that', async () => {
    const text = readFileSync(fileOf(version), 'utf8');
    const { s3, own } = await storeFor(emulator);
    await putText(s3, own, KEY, text);
    // Its things are gone from this account, so all of them are to be made again with the answers that it holds.
    const plan = await runCli(['plan', '--yes'], cliEnvironment(emulator.address));
    expect(plan).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Plan: \d\d to create\.$/m) });
    expect(await textOf(s3, own, KEY)).toBe(text);
  });
});
