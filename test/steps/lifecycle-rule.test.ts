import {
  GetBucketLifecycleConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { findStrays } from '../../src/commands/strays.ts';
import { LIFECYCLE_RULE } from '../../src/steps/data/lifecycle-rule.ts';
import { type AwsStack, changesIn, referenceConfig } from '../helpers/aws-stack.ts';
import { expectNoTrace, idOf, useSteps } from './stage.ts';

const stage = useSteps();

/** A stack of which there is only the bucket and what belongs to it. */
async function fresh(dataExpireDays: number): Promise<AwsStack> {
  const stack = await stage.fresh();
  stack.about = /^data\//;
  stack.config = referenceConfig({ dataExpireDays });
  return stack;
}

/** Brings the stack to another answer. @returns what the plan said of it */
async function change(stack: AwsStack, dataExpireDays: number): Promise<Record<string, string[]>> {
  const previous = stack.config;
  stack.config = referenceConfig({ dataExpireDays });
  const plan = await stack.plan(previous);
  await stack.carryOut(plan);
  return changesIn(plan);
}

/** How S3 has them; the stack's own is the one that is called temporal-fargate. */
const configurationOf = (stack: AwsStack) =>
  stage.emulator.clients.s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: idOf(stack, 'data/bucket') }));

const daysOf = async (stack: AwsStack) =>
  (await configurationOf(stack)).Rules?.find(({ ID }) => ID === 'temporal-fargate')?.Expiration?.Days;

describe('the lifecycle rule of a data bucket', () => {
  it('comes, changes and goes with its answer; the rules of others stay as they are', async () => {
    const stack = await fresh(0);
    const before = await stage.emulator.inventory();
    await stack.up();
    const theirs = {
      Rules: [
        {
          ID: 'cold',
          Status: 'Enabled' as const,
          Filter: { And: { Prefix: 'old/', ObjectSizeGreaterThan: 1024 } },
          Transitions: [{ Days: 60, StorageClass: 'GLACIER' as const }],
        },
      ],
      TransitionDefaultMinimumObjectSize: 'varies_by_storage_class' as const,
    };
    const { Rules, ...size } = theirs;
    const Bucket = idOf(stack, 'data/bucket');
    const put = { Bucket, LifecycleConfiguration: { Rules }, ...size };
    await stage.emulator.clients.s3.send(new PutBucketLifecycleConfigurationCommand(put));

    expect(await change(stack, 30)).toEqual({ [LIFECYCLE_RULE]: ['create'] });
    const ours = {
      ID: 'temporal-fargate',
      Status: 'Enabled',
      Filter: { Prefix: '' },
      Expiration: { Days: 30 },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    };
    expect(await configurationOf(stack)).toMatchObject({ ...theirs, Rules: [...Rules, ours] });
    expect(await change(stack, 14)).toEqual({ [LIFECYCLE_RULE]: ['update', 'expireDays'] });
    expect(await daysOf(stack)).toBe(14);
    expect(await change(stack, 0)).toEqual({ [LIFECYCLE_RULE]: ['retire'] });
    const after = await configurationOf(stack);
    expect(after).toMatchObject(theirs);
    expect(after.Rules).toHaveLength(1);
    expect(await stack.pending()).toEqual({});
    await expectNoTrace(stack, stage.emulator, before);
  });

  it('is no longer in a bucket that destroy keeps: what is in it stays', async () => {
    const stack = await fresh(30);
    const before = await stage.emulator.inventory();
    await stack.up();
    expect(await daysOf(stack)).toBe(30);
    const Bucket = idOf(stack, 'data/bucket');
    await stage.emulator.clients.s3.send(new PutObjectCommand({ Bucket, Key: 'messages/1.txt', Body: 'hello' }));
    expect((await stack.down()).kept).toMatchObject([{ live: { id: Bucket }, reason: 'holds 1 object version' }]);
    await expect(configurationOf(stack)).rejects.toThrow('The lifecycle configuration does not exist');
    await stack.up();
    expect(await daysOf(stack)).toBe(30);
    await expectNoTrace(stack, stage.emulator, before);
  });

  it('is taken over when the state is lost', async () => {
    const stack = await fresh(30);
    await stack.up();
    stack.loseState();
    expect(await stack.pending()).toEqual({ 'data/bucket': ['adopt'], [LIFECYCLE_RULE]: ['adopt'] });

    // An answer that was lost as well is not taken for one that nobody has given.
    stack.config = referenceConfig({ dataExpireDays: 0 });
    const { accountId, region, partition, stack: name } = stack.aws;
    const zones = async () => ['us-east-1a', 'us-east-1b'];
    const connection = { accountId, region, partition, stack: name, zones, aws: () => stack.aws };
    const look = (stackId: string | undefined) =>
      findStrays(connection, stack.aws.survey(), { stack: name, stackId }, stack.steps());
    expect((await look(undefined)).steps.map(({ id }) => id)).toEqual([LIFECYCLE_RULE]);
    expect((await look(stack.owner.stackId)).steps).toEqual([]);
  });

  it('costs a stack without it no call', async () => {
    const stack = await fresh(0);
    await stack.up();
    expect(await stack.pending()).toEqual({});
    await stack.down();
    expect(stack.calls.filter(({ name }) => name.includes('Lifecycle'))).toEqual([]);
  });
});
