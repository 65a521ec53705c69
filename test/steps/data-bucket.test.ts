import { DescribeTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { GetRoleCommand } from '@aws-sdk/client-iam';
import { HeadBucketCommand, ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { destroy } from '../../src/engine/destroy.ts';
import { ownerTags } from '../../src/engine/ownership.ts';
import { dataBucket } from '../../src/steps/data/data-bucket.ts';
import { roleName } from '../../src/steps/identity/role-name.ts';
import { type AwsStack, referenceConfig } from '../helpers/aws-stack.ts';
import { fillWithVersions, STRANGE_KEYS } from '../helpers/strange-keys.ts';
import { expectNoTrace, idOf, useSteps } from './stage.ts';

const stage = useSteps();
const WITHOUT = referenceConfig({ dataBucket: false });

/** What the worker is told of the bucket, and by which role it may use it. */
async function access(stack: AwsStack) {
  const taskDefinition = idOf(stack, 'compute/task-definition/worker');
  const answer = await stage.emulator.clients.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
  const { taskRoleArn, containerDefinitions } = answer.taskDefinition ?? {};
  const variable = containerDefinitions?.[0]?.environment?.find(({ name }) => name === 'DATA_BUCKET');
  return { role: taskRoleArn?.replace(/^.*\//, ''), bucket: variable?.value };
}

describe('a stack without a data bucket', () => {
  it('has neither bucket nor task role, runs, and is destroyed without a trace', async () => {
    const stack = await stage.fresh();
    stack.config = WITHOUT;
    const before = await stage.emulator.inventory();
    await stack.up();
    expect(await stack.pending()).toEqual({});
    expect(await access(stack)).toEqual({ role: undefined, bucket: undefined });
    await expectNoTrace(stack, stage.emulator, before);
  });

  it('gets both when the answer changes, and gives both back while the bucket is empty', async () => {
    const stack = await stage.fresh();
    stack.config = WITHOUT;
    const before = await stage.emulator.inventory();
    await stack.up();
    stack.config = referenceConfig();
    await stack.up(WITHOUT);
    const role = roleName('task', 'us-east-1', 'dev');
    const Bucket = idOf(stack, 'data/bucket');
    expect(await access(stack)).toEqual({ role, bucket: Bucket });

    const previous = stack.config;
    stack.config = WITHOUT;
    await stack.up(previous);
    expect(await stack.pending()).toEqual({});
    const { iam, s3 } = stage.emulator.clients;
    await expect(iam.send(new GetRoleCommand({ RoleName: role }))).rejects.toThrow();
    await expect(s3.send(new HeadBucketCommand({ Bucket }))).rejects.toThrow();
    await expectNoTrace(stack, stage.emulator, before);
  });

  it('does not come about while the bucket holds something', async () => {
    const stack = await stage.fresh();
    await stack.up();
    const Bucket = idOf(stack, 'data/bucket');
    await stage.emulator.clients.s3.send(new PutObjectCommand({ Bucket, Key: 'messages/1.txt', Body: 'hello' }));
    const previous = stack.config;
    stack.config = WITHOUT;
    await expect(stack.up(previous)).rejects.toThrow(
      `deleting data bucket ${Bucket}: it holds 1 object version and is not deleted by an update`,
    );
    await stage.emulator.clients.s3.send(new HeadBucketCommand({ Bucket }));
  });
});

describe('a data bucket of 2,500 versions and delete markers, some of them under strange keys', () => {
  it('is kept, and with --delete-data emptied a thousand at a time and deleted', async () => {
    const stack = await stage.fresh();
    const step = dataBucket();
    const tags = ownerTags(stack.owner, step.id);
    const { id } = await step.create(stack.aws, step.want(stack.config, {}), { tags, token: 'token' });
    await stage.emulator.settle();
    await fillWithVersions(stage.emulator.clients.s3, id, 2500);
    const down = (deleteData: boolean) =>
      destroy(stack.context(stack.as('destroy')), [step], { purge: false, deleteData });
    expect((await down(false)).kept).toMatchObject([{ live: { id }, reason: 'holds more than 1000 object versions' }]);

    await stage.emulator.clearCalls();
    expect(await down(true)).toEqual({ kept: [], left: [] });
    const { Buckets } = await stage.emulator.clients.s3.send(new ListBucketsCommand({}));
    expect(Buckets ?? []).toEqual([]);
    const calls = await stage.emulator.calls();
    const count = (name: string) => calls.filter(({ operation }) => operation === name).length;
    expect(count('ListObjectVersions')).toBe(3);
    expect(count('DeleteObjects')).toBe(3);
    // What XML cannot say goes one by one: one key, of which there are two versions.
    expect(STRANGE_KEYS.filter((key) => key.includes('control'))).toHaveLength(1);
    expect(count('DeleteObject')).toBe(2);
  });
});
