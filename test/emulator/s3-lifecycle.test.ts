import {
  CreateBucketCommand,
  DeleteBucketLifecycleCommand,
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  type TransitionDefaultMinimumObjectSize,
} from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it } from 'vitest';
import { refusal, useEmulator } from '../helpers/emulator.ts';

const emulator = useEmulator({ strict: ['off'] });
const Bucket = 'stack-123456789012-us-east-1-an';

beforeEach(async () => {
  await emulator.reset();
  await emulator.clients.s3.send(new CreateBucketCommand({ Bucket, BucketNamespace: 'account-regional' }));
});

const read = () => emulator.clients.s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
const put = (Rules: LifecycleRule[], size?: TransitionDefaultMinimumObjectSize) =>
  emulator.clients.s3.send(
    new PutBucketLifecycleConfigurationCommand({
      Bucket,
      LifecycleConfiguration: { Rules },
      TransitionDefaultMinimumObjectSize: size,
    }),
  );

const EXPIRING: LifecycleRule = { ID: 'one', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 30 } };

// S3 API reference, PutBucketLifecycleConfiguration and GetBucketLifecycleConfiguration.
describe('the lifecycle rules of a bucket', () => {
  it('are given back as they were put, all in place of those before, and one without an ID with one', async () => {
    const versions: LifecycleRule = {
      Status: 'Disabled',
      Filter: { And: { Prefix: 'logs/', ObjectSizeGreaterThan: 1024 } },
      NoncurrentVersionExpiration: { NoncurrentDays: 90, NewerNoncurrentVersions: 20 },
      Transitions: [{ Days: 60, StorageClass: 'GLACIER' }],
    };
    await put([{ ...EXPIRING, ID: 'former' }]);
    await put([EXPIRING, versions], 'varies_by_storage_class');
    expect(await read()).toMatchObject({
      Rules: [EXPIRING, { ...versions, ID: expect.stringMatching(/^\w{48}$/) }],
      TransitionDefaultMinimumObjectSize: 'varies_by_storage_class',
    });
    await put([EXPIRING]);
    expect((await read()).TransitionDefaultMinimumObjectSize).toBe('all_storage_classes_128K');
  });

  it('are not there before the first was put, and after DeleteBucketLifecycle', async () => {
    const none = { name: 'NoSuchLifecycleConfiguration', status: 404 };
    expect(await refusal(read())).toMatchObject(none);
    await put([EXPIRING]);
    await emulator.clients.s3.send(new DeleteBucketLifecycleCommand({ Bucket }));
    expect(await refusal(read())).toMatchObject(none);
  });

  it('are at least one, each with an ID of its own', async () => {
    expect(await refusal(put([]))).toMatchObject({ name: 'MalformedXML', status: 400 });
    expect(await refusal(put([EXPIRING, EXPIRING]))).toMatchObject({ name: 'InvalidArgument', status: 400 });
    expect((await refusal(read())).name).toBe('NoSuchLifecycleConfiguration');
  });
});
