import { describe, expect, it } from 'vitest';
import { Cancelled } from '../../src/errors.ts';
import { Stack, smallStack } from '../helpers/engine.ts';
import { CloudError, fakeStep } from '../helpers/fake-cloud.ts';

/** A small stack whose destroy was killed when its second thing was deleted. */
async function halfDestroyed(): Promise<Stack> {
  const stack = smallStack();
  await stack.up();
  let deletes = 0;
  stack.cloud.after = (call) => {
    if (call.startsWith('delete') && ++deletes === 2) throw new CloudError('final', 'killed');
  };
  await expect(stack.down()).rejects.toThrow('killed');
  stack.cloud.after = () => undefined;
  return stack;
}

describe('when destroying', () => {
  it('goes backwards, waits for what lingers, forgets what is confirmed gone and leaves nothing', async () => {
    const stack = smallStack();
    await stack.up();
    stack.cloud.pendingLooks = 2;
    stack.cloud.calls.length = 0;
    expect(await stack.down()).toEqual({ kept: [], left: [] });
    const order = stack.cloud.mutations().map((call) => call.split(/[ -]/)[1]);
    expect(order[0]).toBe('service');
    expect(order.at(-1)).toBe('vpc');
    expect(order.indexOf('gateway')).toBeLessThan(order.indexOf('subnet'));
    expect(stack.session.document.steps).toEqual({});
    expect(await stack.down()).toEqual({ kept: [], left: [] });
  });

  it('looks once more at each thing that it deleted, but not at those that a need could not have gone without', async () => {
    const vpc = fakeStep('vpc');
    const stack = new Stack([fakeStep('subnet', { needs: { vpc }, holds: 'vpc' }), fakeStep('gateway'), vpc]);
    await stack.up();
    const idOf = (kind: string) => [...stack.cloud.things.values()].find((thing) => thing.kind === kind)?.id;
    const [vpcId, subnetId, gatewayId] = ['vpc', 'subnet', 'gateway'].map(idOf);
    expect(await stack.down()).toEqual({ kept: [], left: [] });
    const { calls } = stack.cloud;
    const after = calls.slice(calls.indexOf(`delete ${vpcId}`) + 1);
    expect(after.filter((call) => !call.endsWith('by tag')).sort()).toEqual(
      [`find ${gatewayId}`, `find ${vpcId}`].sort(),
    );
    expect(after).toContain('find subnet by tag');
    expect(calls).not.toContain(`find ${subnetId}`);
  });

  it('names what blocks a delete while it waits, and asks again', async () => {
    const stack = new Stack([fakeStep('group')]);
    await stack.up();
    const [id = ''] = stack.ids();
    stack.cloud.add('interface', {}, { id: 'eni-1', parent: id });
    let refused = 0;
    stack.cloud.before = (call) => {
      if (call === `delete ${id}` && ++refused === 3) stack.cloud.things.delete('eni-1');
    };
    await stack.down();
    expect(stack.events).toContainEqual(
      expect.objectContaining({ type: 'waiting', reason: expect.stringContaining('eni-1') }),
    );
    expect(stack.ids()).toEqual([]);
  });

  it('gives up on a blocked delete at its deadline and keeps the record', async () => {
    const stack = new Stack([fakeStep('group')]);
    await stack.up();
    const [id = ''] = stack.ids();
    stack.cloud.add('interface', {}, { id: 'eni-1', parent: id });
    await expect(stack.down()).rejects.toThrow(/to be gone: gave up after 5 minutes \(.*eni-1/);
    expect(stack.session.document.steps.group?.id).toBe(id);
  });

  it('keeps data by default, says so, and keeps its record', async () => {
    const stack = new Stack([fakeStep('bucket', { repeatable: 'name', keep: 'holds 3 objects' })]);
    await stack.up();
    const { kept, left } = await stack.down();
    expect(left).toEqual([]);
    expect(kept).toMatchObject([{ reason: 'holds 3 objects', live: { id: stack.ids()[0] } }]);
    expect(stack.session.document.steps.bucket?.id).toBe(stack.ids()[0]);
    expect((await stack.down({ deleteData: true })).kept).toEqual([]);
    expect(stack.ids()).toEqual([]);
  });

  it('tells how far it is with what takes long to clear, stops there when interrupted, and goes on the next time', async () => {
    const stack = new Stack([fakeStep('bucket', { repeatable: 'name', clear: ['1000', '2000', '3000'] })]);
    await stack.up();
    const [id = ''] = stack.ids();
    stack.cloud.calls.length = 0;
    stack.cloud.after = (call) => {
      if (call === 'clear' && stack.cloud.mutations().length === 2) stack.abort.abort();
    };
    await expect(stack.down()).rejects.toBeInstanceOf(Cancelled);
    expect(stack.cloud.mutations()).toEqual(['clear', 'clear']);
    expect(stack.session.document.steps.bucket?.id).toBe(id);

    const again = stack.another();
    await again.down();
    expect(again.events.flatMap((event) => (event.type === 'waiting' ? event.reason : []))).toEqual(['3000']);
    expect(again.ids()).toEqual([]);
  });

  it('lists what was deleted and can still be restored as kept, as often as it is asked, and not as left', async () => {
    let deletes = 0;
    const secret: Stack['steps'][number] = {
      ...fakeStep('secret', { repeatable: 'name' }),
      destroy: async () => {
        deletes += 1;
      },
      remains: () => (deletes > 0 ? 'restorable for 7 days' : undefined),
    };
    const stack = new Stack([secret]);
    await stack.up();
    for (const time of [1, 2]) {
      const { kept, left } = await stack.down();
      expect(left).toEqual([]);
      expect(kept).toMatchObject([{ reason: 'restorable for 7 days', live: { id: stack.ids()[0] } }]);
      expect(stack.session.document.steps.secret?.id).toBe(stack.ids()[0]);
      expect(deletes).toBe(time);
    }
  });

  it('refuses to delete what is not ours and deletes the rest that does not depend on it', async () => {
    const stack = new Stack([fakeStep('vpc'), fakeStep('bucket')]);
    await stack.up();
    const id = stack.session.document.steps.vpc?.id ?? '';
    stack.cloud.things.set(id, { ...stack.cloud.things.get(id), tags: {} } as never);
    await expect(stack.down()).rejects.toThrow('was not touched');
    expect(stack.cloud.things.has(id)).toBe(true);
    expect(stack.session.document.steps.vpc?.id).toBe(id);
  });

  it('continues where a half destroyed stack stopped', async () => {
    const stack = await halfDestroyed();
    expect(await stack.down()).toEqual({ kept: [], left: [] });
    expect(stack.ids()).toEqual([]);
  });

  it('does not take for alive what is still shown after it was interrupted', async () => {
    const stack = smallStack();
    await stack.up();
    stack.cloud.shownAfterDelete = 5;
    stack.cloud.before = (call) => {
      if (call.startsWith('delete vpc')) throw new CloudError('final', 'killed');
    };
    await expect(stack.down()).rejects.toThrow('killed');
    stack.cloud.before = () => undefined;
    await stack.up();
    const recorded = Object.values(stack.session.document.steps).map(({ id }) => id ?? 'an intent');
    expect(recorded.sort()).toEqual(stack.ids());
    expect(await stack.actions()).toEqual({});
  });

  it('can be built up again after it was half destroyed', async () => {
    const stack = await halfDestroyed();
    await stack.up();
    expect([...stack.cloud.things.values()].map((t) => t.kind).sort()).toEqual([
      'gateway',
      'group',
      'routes',
      'service',
      'subnet',
      'vpc',
    ]);
    expect(await stack.actions()).toEqual({});
  });
});
