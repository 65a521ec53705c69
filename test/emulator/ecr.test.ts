import { randomBytes, randomUUID } from 'node:crypto';
import {
  BatchCheckLayerAvailabilityCommand,
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  CompleteLayerUploadCommand,
  CreateRepositoryCommand,
  DeleteRepositoryCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  GetAuthorizationTokenCommand,
  GetDownloadUrlForLayerCommand,
  GetLifecyclePolicyCommand,
  InitiateLayerUploadCommand,
  ListImagesCommand,
  ListTagsForResourceCommand,
  PutImageCommand,
  UploadLayerPartCommand,
} from '@aws-sdk/client-ecr';
import { beforeEach, describe, expect, it } from 'vitest';
import { refusal, useEmulator } from '../helpers/emulator.ts';
import { type Descriptor, manifestType, sha256, uploadBlob } from './ecs-stage.ts';

const emulator = useEmulator({ strict: ['off'] });
const repositoryName = 'team/app';
const octets = 'application/octet-stream';
const indexType = 'application/vnd.oci.image.index.v1+json';
const missing = sha256('missing');

const create = (more = {}) => emulator.clients.ecr.send(new CreateRepositoryCommand({ repositoryName, ...more }));
const upload = (text: string) => uploadBlob(emulator.clients.ecr, repositoryName, Buffer.from(text), octets);
const initiate = async () =>
  (await emulator.clients.ecr.send(new InitiateLayerUploadCommand({ repositoryName }))).uploadId ?? '';
const part = (uploadId: string, partFirstByte: number, bytes: Buffer) => {
  const range = { partFirstByte, partLastByte: partFirstByte + bytes.length - 1, layerPartBlob: bytes };
  return emulator.clients.ecr.send(new UploadLayerPartCommand({ repositoryName, uploadId, ...range }));
};
const complete = (uploadId: string, digest: string) =>
  emulator.clients.ecr.send(new CompleteLayerUploadCommand({ repositoryName, uploadId, layerDigests: [digest] }));
const manifestOf = (config: Descriptor, ...layers: Descriptor[]) =>
  JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config, layers });
const put = (imageManifest: string, more = {}) =>
  emulator.clients.ecr.send(new PutImageCommand({ repositoryName, imageManifest, ...more }));
const availability = async (digest: string) => {
  const command = new BatchCheckLayerAvailabilityCommand({ repositoryName, layerDigests: [digest] });
  return (await emulator.clients.ecr.send(command)).layers?.[0]?.layerAvailability;
};

beforeEach(() => emulator.reset());

describe('repositories', () => {
  it('answers the URI, the settings and the tags that were given', async () => {
    const tags = [{ Key: 'team', Value: 'a' }];
    const { repository } = await create({ imageScanningConfiguration: { scanOnPush: true }, tags });
    expect(repository?.repositoryUri).toBe('123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app');
    expect(repository?.imageScanningConfiguration).toEqual({ scanOnPush: true });
    const command = new ListTagsForResourceCommand({ resourceArn: repository?.repositoryArn });
    expect((await emulator.clients.ecr.send(command)).tags).toEqual(tags);
  });

  it('names what is missing as ECR does', async () => {
    const { ecr } = emulator.clients;
    const absent = await refusal(ecr.send(new DescribeRepositoriesCommand({ repositoryNames: [repositoryName] })));
    expect(absent.name).toBe('RepositoryNotFoundException');
    await create();
    expect((await refusal(create())).name).toBe('RepositoryAlreadyExistsException');
    const policy = await refusal(ecr.send(new GetLifecyclePolicyCommand({ repositoryName })));
    expect(policy.name).toBe('LifecyclePolicyNotFoundException');
  });

  it('keeps a repository that has images unless it is forced (RepositoryNotEmptyException)', async () => {
    await create();
    const layer = await upload('layer');
    await put(manifestOf(await upload('{}'), layer));
    const { ecr } = emulator.clients;
    expect((await refusal(ecr.send(new DeleteRepositoryCommand({ repositoryName })))).name).toBe(
      'RepositoryNotEmptyException',
    );
    await ecr.send(new DeleteRepositoryCommand({ repositoryName, force: true }));
    await create();
    expect(await availability(layer.digest)).toBe('UNAVAILABLE');
  });

  it('gives a login token that is valid for hours', async () => {
    const { authorizationData } = await emulator.clients.ecr.send(new GetAuthorizationTokenCommand({}));
    expect(authorizationData?.[0]?.expiresAt?.getTime()).toBeGreaterThan(Date.now() + 3_600_000);
  });
});

describe('layers', () => {
  beforeEach(() => create());

  it('keeps the bytes of a layer that came in several parts', async () => {
    const parts = [randomBytes(5 * 1024 * 1024), randomBytes(100)] as const;
    const bytes = Buffer.concat(parts);
    const uploadId = await initiate();
    expect((await part(uploadId, 0, parts[0])).lastByteReceived).toBe(parts[0].length - 1);
    await part(uploadId, parts[0].length, parts[1]);
    await complete(uploadId, sha256(bytes));
    expect(await availability(sha256(bytes))).toBe('AVAILABLE');
    const command = new GetDownloadUrlForLayerCommand({ repositoryName, layerDigest: sha256(bytes) });
    const { downloadUrl } = await emulator.clients.ecr.send(command);
    const downloaded = await fetch(downloadUrl ?? '');
    expect(sha256(Buffer.from(await downloaded.arrayBuffer()))).toBe(sha256(bytes));
  });

  it('says that it takes parts of 20 MiB', async () => {
    const answer = await emulator.clients.ecr.send(new InitiateLayerUploadCommand({ repositoryName }));
    expect(answer.partSize).toBe(20_971_520);
  });

  it('refuses a part with a gap and says how far it got (InvalidLayerPartException)', async () => {
    const uploadId = await initiate();
    await part(uploadId, 0, Buffer.from('abc'));
    await expect(part(uploadId, 5, Buffer.from('def'))).rejects.toMatchObject({
      name: 'InvalidLayerPartException',
      lastValidByteReceived: 2,
    });
  });

  it('refuses a part below 5 MiB that is not the last (LayerPartTooSmallException)', async () => {
    const uploadId = await initiate();
    await part(uploadId, 0, Buffer.from('abc'));
    await part(uploadId, 3, Buffer.from('def'));
    expect((await refusal(complete(uploadId, sha256('abcdef')))).name).toBe('LayerPartTooSmallException');
  });

  it('refuses a digest that does not match (InvalidLayerException)', async () => {
    const uploadId = await initiate();
    await part(uploadId, 0, Buffer.from('abc'));
    expect((await refusal(complete(uploadId, missing))).name).toBe('InvalidLayerException');
    expect(await availability(missing)).toBe('UNAVAILABLE');
  });

  it('refuses an upload without parts, an unknown one, and a layer that it has', async () => {
    expect((await refusal(complete(await initiate(), missing))).name).toBe('EmptyUploadException');
    expect((await refusal(part(randomUUID(), 0, Buffer.from('abc')))).name).toBe('UploadNotFoundException');
    await upload('abc');
    const again = await initiate();
    await part(again, 0, Buffer.from('abc'));
    expect((await refusal(complete(again, sha256('abc')))).name).toBe('LayerAlreadyExistsException');
  });

  it('drops the layers of a deleted image that no other image has', async () => {
    const [config, shared, own] = [await upload('{}'), await upload('shared'), await upload('own')];
    await put(manifestOf(config, shared));
    const { image } = await put(manifestOf(config, shared, own));
    const imageIds = [{ imageDigest: image?.imageId?.imageDigest }];
    await emulator.clients.ecr.send(new BatchDeleteImageCommand({ repositoryName, imageIds }));
    expect(await availability(shared.digest)).toBe('AVAILABLE');
    expect(await availability(own.digest)).toBe('UNAVAILABLE');
  });
});

describe('images', () => {
  it('has the SHA-256 of the exact manifest bytes as digest', async () => {
    await create();
    const text = `${manifestOf(await upload('{}'), await upload('layer'))}\n`;
    const { image } = await put(text, { imageTag: 'v1' });
    expect(image?.imageId).toEqual({ imageDigest: sha256(text), imageTag: 'v1' });
    const command = new BatchGetImageCommand({ repositoryName, imageIds: [{ imageTag: 'v1' }, { imageTag: 'v2' }] });
    const got = await emulator.clients.ecr.send(command);
    expect(got.images?.[0]?.imageManifest).toBe(text);
    expect(got.failures?.[0]?.failureCode).toBe('ImageNotFound');
  });

  it('refuses another digest than the manifest has (ImageDigestDoesNotMatchException)', async () => {
    await create();
    const text = manifestOf(await upload('{}'), await upload('layer'));
    expect((await refusal(put(text, { imageDigest: missing }))).name).toBe('ImageDigestDoesNotMatchException');
  });

  it('wants config, layers and the children of an index first', async () => {
    await create();
    const [config, layer] = [await upload('{}'), await upload('layer')];
    const lost = { ...layer, digest: missing };
    expect((await refusal(put(manifestOf(config, lost)))).name).toBe('LayersNotFoundException');
    expect((await refusal(put(manifestOf(lost, layer)))).name).toBe('LayersNotFoundException');
    const child = manifestOf(config, layer);
    const entry = { mediaType: manifestType, digest: sha256(child), size: child.length };
    const index = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [entry] });
    expect((await refusal(put(index))).name).toBe('ReferencedImagesNotFoundException');
    await put(child);
    const { image } = await put(index, { imageTag: 'v1' });
    expect(image?.imageManifestMediaType).toBe(indexType);
  });

  it('never moves an immutable tag, but tags that a filter excludes (ImageTagAlreadyExistsException)', async () => {
    const filter = { filterType: 'WILDCARD', filter: 'latest*' };
    await create({ imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION', imageTagMutabilityExclusionFilters: [filter] });
    const config = await upload('{}');
    const [first, second] = [manifestOf(config, await upload('1')), manifestOf(config, await upload('2'))];
    for (const imageTag of ['v1', 'latest-a']) await put(first, { imageTag });
    expect((await refusal(put(first, { imageTag: 'v1' }))).name).toBe('ImageAlreadyExistsException');
    expect((await refusal(put(second, { imageTag: 'v1' }))).name).toBe('ImageTagAlreadyExistsException');
    await put(second, { imageTag: 'latest-a' });
    const command = new DescribeImagesCommand({ repositoryName, imageIds: [{ imageTag: 'latest-a' }] });
    const { imageDetails } = await emulator.clients.ecr.send(command);
    expect(imageDetails?.[0]).toMatchObject({
      imageDigest: sha256(second),
      imageTags: ['latest-a'],
      imageSizeInBytes: 3,
    });
  });

  it('removes one tag of several and the image with its last one', async () => {
    await create();
    const text = manifestOf(await upload('{}'), await upload('layer'));
    for (const imageTag of ['a', 'b']) await put(text, { imageTag });
    const remove = (imageTag: string) =>
      emulator.clients.ecr.send(new BatchDeleteImageCommand({ repositoryName, imageIds: [{ imageTag }] }));
    const list = async () => (await emulator.clients.ecr.send(new ListImagesCommand({ repositoryName }))).imageIds;
    await remove('a');
    expect(await list()).toEqual([{ imageDigest: sha256(text), imageTag: 'b' }]);
    await remove('b');
    expect(await list()).toEqual([]);
    expect((await remove('b')).failures?.[0]?.failureCode).toBe('ImageNotFound');
  });
});
