import { CreateClusterCommand, DeleteClusterCommand, PutClusterCapacityProvidersCommand } from '@aws-sdk/client-ecs';
import { CreateBucketCommand, DeleteBucketCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually, refusal, useEmulator } from '../helpers/emulator.ts';

const emulator = useEmulator({ strict: ['off', 'cluster=0.4', 'bucket=0.4', 'bucket-name=0.4'] });
beforeEach(() => emulator.reset());

const accepted = (what: string, call: () => Promise<unknown>) => eventually(what, () => call().catch(() => undefined));

describe('What AWS still works on', () => {
  it("a new cluster's capacity providers: UpdateInProgressException for a change and for its deletion", async () => {
    const { ecs } = emulator.clients;
    await ecs.send(new CreateClusterCommand({ clusterName: 'c' }));
    const put = () =>
      ecs.send(
        new PutClusterCapacityProvidersCommand({
          cluster: 'c',
          capacityProviders: ['FARGATE'],
          defaultCapacityProviderStrategy: [],
        }),
      );
    const remove = () => ecs.send(new DeleteClusterCommand({ cluster: 'c' }));
    expect((await refusal(put())).name).toBe('UpdateInProgressException');
    expect((await refusal(remove())).name).toBe('UpdateInProgressException');
    await accepted('the change', put);
    expect((await refusal(remove())).name).toBe('UpdateInProgressException');
    await accepted('the deletion', remove);
  });

  it("a new bucket's settings, and the name of a deleted one: OperationAborted", async () => {
    const { s3 } = emulator.clients;
    const Bucket = 'settling-bucket';
    const create = () => s3.send(new CreateBucketCommand({ Bucket }));
    const change = () =>
      s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    await create();
    expect(await refusal(change())).toMatchObject({ name: 'OperationAborted', status: 409 });
    await accepted('the change', change);
    await s3.send(new DeleteBucketCommand({ Bucket }));
    expect(await refusal(create())).toMatchObject({ name: 'OperationAborted', status: 409 });
    await accepted('the name', create);
  });

  it('a change of a bucket: OperationAborted for another one beside it, whatever they change', async () => {
    const { s3 } = emulator.clients;
    const Bucket = 'busy-bucket';
    await s3.send(new CreateBucketCommand({ Bucket }));
    const change = (Status: 'Enabled' | 'Suspended') =>
      s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
    await accepted('the bucket has settled', () => change('Enabled'));
    const match = { operation: 'PutBucketVersioning' };
    await emulator.fault({ kind: 'delay', seconds: 0.5, match, before: true });
    const slow = refusal(change('Suspended'));
    await eventually('it is under way', async () => (await emulator.calls()).at(-1)?.status === null);
    await change('Enabled');
    expect(await slow).toMatchObject({ name: 'OperationAborted', status: 409 });
    await change('Enabled');
  });
});
