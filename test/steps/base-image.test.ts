import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { BatchGetImageCommand, GetDownloadUrlForLayerCommand } from '@aws-sdk/client-ecr';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundledWorkerSource } from '../../src/image/bundled.ts';
import { hostPlatform } from '../../src/image/platform.ts';
import { registryBase } from '../../src/image/registry-base.ts';
import { AwsStack } from '../helpers/aws-stack.ts';
import { testCacheDir, useEmulator } from '../helpers/emulator.ts';
import { TestRegistry } from '../helpers/registry.ts';

const emulator = useEmulator({ delaySeconds: 0.05, tasks: 'simulated' });
const repositoryName = 'temporal-fargate/dev';
const workerDir = new URL('../../dist/worker', import.meta.url).pathname;
const sha256 = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

describe('an image on a base from a registry', () => {
  let folder: string;
  let registry: TestRegistry;
  let stack: AwsStack;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'base-image-'));
    registry = new TestRegistry();
    await Promise.all([emulator.reset(), registry.listen()]);
    const architecture = hostPlatform().split('/')[1] ?? '';
    const debian = { 'etc/debian_version': '12', 'usr/local/bin/node': randomBytes(30_000).toString('hex') };
    const { name } = await registry.add('24', [{ architecture, layers: [debian] }]);
    const source = bundledWorkerSource(workerDir, registryBase(name));
    const context = { cacheDir: testCacheDir, note: () => undefined };
    const inputHash = (await source.inputHash(hostPlatform())).slice('sha256:'.length, 40);
    stack = new AwsStack(emulator.address, folder, {
      inputHash,
      build: () => source.build(hostPlatform(), context),
    });
  });
  afterEach(async () => {
    stack.close();
    await registry.close();
    rmSync(folder, { recursive: true });
  });

  const layer = async (layerDigest: string): Promise<Buffer> => {
    const { downloadUrl = '' } = await emulator.clients.ecr.send(
      new GetDownloadUrlForLayerCommand({ repositoryName, layerDigest }),
    );
    return Buffer.from(await (await fetch(downloadUrl)).arrayBuffer());
  };

  it('arrives whole: every blob has its digest and every layer its diff id, base and certificates below the worker', async () => {
    await stack.up();
    const { images = [] } = await emulator.clients.ecr.send(
      new BatchGetImageCommand({ repositoryName, imageIds: [{ imageTag: stack.image.inputHash }] }),
    );
    const manifest = JSON.parse(images[0]?.imageManifest ?? '');
    const config = JSON.parse((await layer(manifest.config.digest)).toString());
    expect(config.config.Env).toContain('NODE_VERSION=24.0.0');
    expect(config.config.StopSignal).toBe('SIGTERM');
    expect(config.config.Labels['org.opencontainers.image.base.digest']).toMatch(/^sha256:/);
    const files: string[] = [];
    for (const [position, { digest, mediaType }] of manifest.layers.entries()) {
      expect(mediaType).toBe('application/vnd.oci.image.layer.v1.tar+gzip');
      const bytes = await layer(digest);
      expect(sha256(bytes)).toBe(digest);
      const plain = gunzipSync(bytes);
      expect(sha256(plain)).toBe(config.rootfs.diff_ids[position]);
      files.push(plain.subarray(0, 100).toString().replace(/\0.*/s, ''));
    }
    expect(files).toEqual(['etc/debian_version', 'etc/ssl/certs/ca-certificates.crt', 'app/', 'app/']);
  });

  it('goes on after a lost answer to a part, and asks neither registry nor ECR for what is there', async () => {
    await emulator.fault({ kind: 'close-after', match: { operation: 'UploadLayerPart' }, times: 2 });
    await stack.up();
    const blobs = () => registry.requests.filter((request) => request.includes('/blobs/')).length;
    const pushed = stack.calls.filter(({ name }) => name === 'ECR InitiateLayerUpload').length;
    expect(pushed).toBe(5);
    const before = blobs();
    // The same base under a new app: two small blobs.
    const { build } = stack.image;
    stack.image = { inputHash: 'another', build };
    stack.calls.length = 0;
    await stack.up();
    expect(stack.calls.filter(({ name }) => name === 'ECR InitiateLayerUpload')).toEqual([]);
    expect(blobs() - before).toBe(1);
  });
});
