import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateRepositoryCommand } from '@aws-sdk/client-ecr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Platform } from '../../src/image/platform.ts';
import { registryBase } from '../../src/image/registry-base.ts';
import { workerFolderSource } from '../../src/image/worker-folder.ts';
import { pushImage } from '../../src/steps/image/push-image.ts';
import { useEmulator } from '../helpers/emulator.ts';
import { TestRegistry } from '../helpers/registry.ts';
import { readStrictly } from '../helpers/strict-oci-reader.ts';

const REPOSITORY = 'temporal-fargate/dev';
const emulator = useEmulator();
const registry = new TestRegistry();
const scratch = mkdtempSync(join(tmpdir(), 'pushed-image-'));
let base: string;

beforeAll(async () => {
  await registry.listen();
  const layers = [{ 'etc/debian_version': '12', 'usr/local/bin/node': 'node' }];
  ({ name: base } = await registry.add('24', [{ layers }, { architecture: 'arm64', layers }]));
  await emulator.clients.ecr.send(new CreateRepositoryCommand({ repositoryName: REPOSITORY }));
  const dir = join(scratch, 'worker');
  mkdirSync(join(dir, 'dist'), { recursive: true });
  writeFileSync(
    join(dir, 'package.json'),
    '{"name":"orders","version":"1.0.0","main":"dist/main.js","files":["dist"]}',
  );
  const packages = { '': { name: 'orders', version: '1.0.0' } };
  writeFileSync(join(dir, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
  writeFileSync(join(dir, 'dist/main.js'), 'console.log("polling")');
});
afterAll(async () => {
  await registry.close();
  rmSync(scratch, { recursive: true });
});

describe('an image in the repository, read as a runtime reads it', () => {
  it.each<[Platform, string]>([
    ['linux/amd64', 'amd64'],
    ['linux/arm64', 'arm64'],
  ])('is whole, safe and for %s', async (platform, architecture) => {
    const { ecr } = emulator.clients;
    const context = { cacheDir: join(scratch, 'cache'), note: () => undefined };
    const image = await workerFolderSource(join(scratch, 'worker'), registryBase(base)).build(platform, context);
    await pushImage(ecr, { id: REPOSITORY, isEmpty: false }, image, `from-${architecture}`);

    const read = await readStrictly(ecr, REPOSITORY, `from-${architecture}`);
    expect(read).toMatchObject({ digest: image.manifest.digest, config: { architecture } });
    // From the base up: its own layer, certificate authorities, dependencies, the app.
    expect(read.layers).toHaveLength(4);
    const [, ...ours] = read.layers;
    const entries = ours.flatMap((layer) => layer.entries);
    expect(entries.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['etc/ssl/certs/ca-certificates.crt', 'app/', 'app/dist/main.js', 'app/package.json']),
    );
    for (const { uid, gid, mtime } of entries)
      expect({ uid, gid, mtime }).toEqual({ uid: 1000, gid: 1000, mtime: new Date(0) });
  });

  it('is refused by the reader when it is given the bytes of another blob (by a stub)', async () => {
    const { ecr } = emulator.clients;
    const send = ecr.send.bind(ecr) as (command: object) => Promise<{ downloadUrl?: string }>;
    const tampered = {
      // The URL of another blob: the bytes are fine, and not those that were asked for.
      send: async (command: object) => {
        const answer = await send(command);
        if (answer.downloadUrl !== undefined) tampered.last ??= answer.downloadUrl;
        return answer.downloadUrl === undefined ? answer : { ...answer, downloadUrl: tampered.last };
      },
      last: undefined as string | undefined,
    };
    const reading = readStrictly(tampered as unknown as typeof ecr, REPOSITORY, 'from-amd64');
    await expect(reading).rejects.toThrow(/^the (size|digest) of/);
  });
});
