import { describe, expect, it } from 'vitest';
import { Stack, smallStack } from '../helpers/engine.ts';
import { fakeStep } from '../helpers/fake-cloud.ts';

describe('from drift', () => {
  it('puts a field back that was changed by hand', async () => {
    const stack = smallStack();
    await stack.up();
    const group = [...stack.cloud.things.values()].find((t) => t.kind === 'group');
    if (group) group.size = 'by hand';
    const { items } = await stack.plan();
    expect(items.find((i) => i.action !== 'none')).toMatchObject({
      action: 'update',
      changes: [{ field: 'size', from: 'by hand', to: 'small', how: 'update' }],
    });
    await stack.up();
    expect(group?.size).toBe('small');
    expect(await stack.actions()).toEqual({});
  });

  it('reads a thing again after a change, unless the change has said what it is now', async () => {
    const silent = fakeStep('silent');
    const telling = fakeStep('telling', { tells: true });
    const stack = new Stack([silent, telling]);
    await stack.up();
    stack.config = { size: { silent: 'large', telling: 'large' } };
    const looksAfterUpdate = async (kind: string): Promise<string[]> => {
      const id = [...stack.cloud.things.values()].find((thing) => thing.kind === kind)?.id;
      const calls = stack.cloud.calls.filter((call) => call.endsWith(` ${id}`));
      return calls.slice(calls.indexOf(`update ${id}`) + 1);
    };
    await stack.up();
    expect(await looksAfterUpdate('silent')).toHaveLength(1);
    expect(await looksAfterUpdate('telling')).toEqual([]);
    expect(await stack.actions()).toEqual({});
  });

  it('replaces in two phases: what depends on it goes first, backwards, then all is made again', async () => {
    const vpc = fakeStep('vpc', { fixedSize: true });
    const subnet = fakeStep('subnet', { needs: { vpc } });
    const service = fakeStep('service', { needs: { subnet }, replacedWith: ['subnet'], lingers: true });
    const stack = new Stack([vpc, subnet, service]);
    await stack.up();
    stack.config = { size: { vpc: 'large' } };
    expect(await stack.actions()).toEqual({ vpc: 'replace', subnet: 'replace', service: 'replace' });
    stack.cloud.calls.length = 0;
    await stack.up();
    expect(stack.cloud.mutations().map((c) => c.split('-')[0])).toEqual([
      'delete service',
      'delete subnet',
      'delete vpc',
      'create vpc',
      'create subnet',
      'create service',
    ]);
    expect(await stack.actions()).toEqual({});
  });

  it('shows values of things that do not exist yet as known after their step', async () => {
    const vpc = fakeStep('vpc', { fixedSize: true });
    const stack = new Stack([vpc, fakeStep('subnet', { needs: { vpc } })]);
    await stack.up();
    stack.config = { size: { vpc: 'large' } };
    const { items } = await stack.plan();
    expect(items[1]?.changes).toContainEqual(expect.objectContaining({ field: 'parent', to: '(known after vpc)' }));
  });

  it('waits for a thing that is being deleted to be gone before it makes a new one', async () => {
    const stack = new Stack([fakeStep('service', { lingers: true, repeatable: 'name' })]);
    await stack.up();
    stack.cloud.pendingLooks = 3;
    for (const thing of stack.cloud.things.values()) thing.state = 'leaving';
    const [old] = stack.ids();
    expect((await stack.plan()).items[0]).toMatchObject({ action: 'create', reason: 'after leaving' });
    await stack.up();
    expect(stack.ids()).not.toContain(old);
    expect(stack.ids()).toHaveLength(1);
  });
});
