import { describe, expect, it } from 'vitest';
import { destroy } from '../../src/engine/destroy.ts';
import { Stack } from '../helpers/engine.ts';
import { CloudError, fakeStep } from '../helpers/fake-cloud.ts';

const MINUTE = 60_000;

/** A bucket, each part of which takes four of the five minutes that AWS has to delete it. */
async function fullBucket(parts: readonly string[]): Promise<{ stack: Stack; id: string }> {
  const stack = new Stack([fakeStep('bucket', { repeatable: 'name', clear: [...parts] })]);
  await stack.up();
  stack.cloud.calls.length = 0;
  const [id = ''] = stack.ids();
  return { stack, id };
}

describe('what takes long to clear', () => {
  it('may take longer than AWS has to delete it, also when it has filled up again meanwhile', async () => {
    const { stack, id } = await fullBucket(['1000', '2000', '3000']);
    let refused = 0;
    stack.cloud.before = (call) => {
      if (call === 'clear') void stack.clock.sleep(4 * MINUTE);
      if (call === `delete ${id}` && ++refused <= 2) throw new CloudError('busy', 'BucketNotEmpty');
    };
    expect(await stack.down()).toEqual({ kept: [], left: [] });
    expect(stack.cloud.mutations().filter((call) => call === 'clear')).toHaveLength(6);
    expect(stack.clock.now()).toBeGreaterThan(20 * MINUTE);
  });

  it('is not taken away any more once the lock is lost', async () => {
    const { stack } = await fullBucket(['1000', '2000', '3000']);
    stack.session.assertHeld = async () => {
      if (stack.cloud.mutations().length === 2) throw new Error('the lock was lost');
    };
    await expect(stack.down()).rejects.toThrow('the lock was lost');
    expect(stack.cloud.mutations()).toEqual(['clear', 'clear']);
  });

  it('is noted as deleted right before the call that deletes it, not hours earlier', async () => {
    const { stack, id } = await fullBucket(['1000']);
    const noted: boolean[] = [];
    stack.cloud.before = (call) => {
      if (!call.startsWith('find')) noted.push(stack.session.document.steps.bucket?.deletion?.id === id);
    };
    await stack.down();
    expect(stack.cloud.mutations()).toEqual(['clear', 'clear', `delete ${id}`]);
    expect(noted).toEqual([false, false, true]);
  });
});

it('names the blocker after the usual time, on an AWS whose minutes pass in a moment as well', async () => {
  const blocked = {
    ...fakeStep('gateway', { lingers: true }),
    usual: { gone: [10, 20] as const },
    blockedBy: async () => 'network interface eni-1',
  };
  const stack = new Stack([blocked]);
  await stack.up();
  stack.cloud.pendingLooks = 40;
  await destroy({ ...stack.context(), pollMs: 10 }, stack.steps, { purge: false, deleteData: false });
  const waits = stack.events.flatMap((event) => (event.type === 'waiting' ? event : []));
  const named = waits.filter(({ reason }) => reason.endsWith('; network interface eni-1'));
  expect(named).toEqual(waits.filter(({ elapsedMs }) => elapsedMs > 200));
  expect(named.length).toBeGreaterThan(0);
});
