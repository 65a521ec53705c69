import { describe, expect, it } from 'vitest';
import { TAG } from '../../src/engine/ownership.ts';
import { Stack, smallStack } from '../helpers/engine.ts';
import { fakeStep } from '../helpers/fake-cloud.ts';

describe('from a record', () => {
  it('asks for nothing but reads when all is well', async () => {
    const stack = smallStack();
    await stack.up();
    stack.cloud.calls.length = 0;
    await stack.up();
    expect(stack.cloud.mutations()).toEqual([]);
  });

  it('refuses a record that names a thing without our tags, and names both', async () => {
    const stack = new Stack([fakeStep('vpc')]);
    await stack.up();
    const [id = ''] = stack.ids();
    const thing = stack.cloud.things.get(id);
    stack.cloud.things.set(id, { ...thing, tags: { Name: 'theirs' } } as never);
    await expect(stack.up()).rejects.toThrow(
      `${id} has no temporal-fargate tags, but stack dev (id-1) expects its own vpc`,
    );
    expect(stack.cloud.mutations()).toEqual(['create vpc']);
  });

  it('checks the owner again before an update, not only when it was observed', async () => {
    const stack = new Stack([fakeStep('vpc')]);
    await stack.up();
    const [id = ''] = stack.ids();
    stack.config = { size: { vpc: 'large' } };
    const plan = await stack.plan();
    stack.cloud.things.set(id, { ...stack.cloud.things.get(id), tags: {} } as never);
    const { apply } = await import('../../src/engine/apply.ts');
    await expect(apply(stack.context(), plan)).rejects.toThrow('was not touched');
    expect(stack.cloud.mutations()).toEqual(['create vpc']);
  });

  it('retires what the configuration no longer has, and forgets it', async () => {
    const stack = smallStack();
    await stack.up();
    const group = stack.steps.find((step) => step.id === 'group');
    const smaller = new Stack(smallStack().steps.filter((step) => step.id !== 'group' && step.id !== 'service'));
    Object.assign(smaller, { cloud: stack.cloud, session: stack.session });
    const retired = stack.steps.filter((step) => step === group || step.id === 'service');
    expect(await smaller.actions(retired)).toEqual({ group: 'retire', service: 'retire' });
    await smaller.up(retired);
    expect([...stack.cloud.things.values()].map((t) => t.kind).sort()).toEqual(['gateway', 'routes', 'subnet', 'vpc']);
    expect(Object.keys(stack.session.document.steps).sort()).toEqual(['gateway', 'routes', 'subnet', 'vpc']);
  });
});

describe('from a record of a layout that was changed', () => {
  it('retires only after the move what something that stays still uses', async () => {
    const oldSubnet = fakeStep('old-subnet');
    const before = new Stack([oldSubnet, fakeStep('service', { needs: { oldSubnet }, replacedWith: ['oldSubnet'] })]);
    await before.up();
    const newSubnet = fakeStep('new-subnet');
    const after = new Stack([newSubnet, fakeStep('service', { needs: { newSubnet }, replacedWith: ['newSubnet'] })]);
    Object.assign(after, { cloud: before.cloud, session: before.session });
    after.cloud.calls.length = 0;
    await after.up([oldSubnet]);
    expect(after.cloud.mutations().map((call) => call.replace(/-[0-9a-f]{8}$/, ''))).toEqual([
      'create new-subnet',
      'update service',
      'delete old-subnet',
    ]);
    expect(Object.keys(after.session.document.steps).sort()).toEqual(['new-subnet', 'service']);
  });
});

describe('from a record of a thing that needed more than it does now', () => {
  it('takes away what it needed only after the thing itself', async () => {
    const net = fakeStep('net');
    const gateway = fakeStep('gateway', { needs: { net } });
    const service = fakeStep('service', { needs: { net, gateway } });
    const before = new Stack([net, gateway, service, fakeStep('alarm', { needs: { service } })]);
    await before.up();
    const guest = fakeStep('service');
    const after = new Stack([guest, fakeStep('alarm', { needs: { guest } })]);
    Object.assign(after, { cloud: before.cloud, session: before.session });
    after.cloud.calls.length = 0;
    await after.up(before.steps);
    expect(after.cloud.mutations().map((call) => call.replace(/-[0-9a-f]{8}$/, ''))).toEqual([
      ...['delete alarm', 'delete service', 'delete gateway', 'delete net'],
      ...['create service', 'create alarm'],
    ]);
  });
});

describe('from a record whose thing is gone', () => {
  it('makes a new one with a new token, because an old token answers with the old thing', async () => {
    const stack = new Stack([fakeStep('gateway', { repeatable: 'token' })]);
    await stack.up();
    const before = structuredClone(stack.session.document.steps.gateway);
    stack.cloud.things.clear();
    const { items } = await stack.plan();
    expect(items[0]).toMatchObject({ action: 'create', reason: 'it no longer exists' });
    await stack.up();
    const after = stack.session.document.steps.gateway;
    expect(after?.token).not.toBe(before?.token);
    expect(after?.generation).toBe(2);
    expect(stack.ids()).toEqual([after?.id]);
  });

  it('prefers a thing of ours that carries the tags over making a new one', async () => {
    const stack = new Stack([fakeStep('vpc')]);
    await stack.up();
    stack.cloud.things.clear();
    const other = stack.cloud.add('vpc', stack.tags('vpc'));
    expect(await stack.actions()).toEqual({ vpc: 'adopt' });
    await stack.up();
    expect(stack.session.document.steps.vpc?.id).toBe(other.id);
  });
});

describe('from a thing without a record', () => {
  it('adopts by tag without a single mutating call', async () => {
    const stack = smallStack();
    await stack.up();
    const ids = stack.ids();
    stack.loseState();
    stack.cloud.calls.length = 0;
    await stack.up();
    expect(stack.cloud.mutations()).toEqual([]);
    expect(
      Object.values(stack.session.document.steps)
        .map((r) => r.id)
        .sort(),
    ).toEqual(ids);
  });

  it('destroys from tags alone', async () => {
    const stack = smallStack();
    await stack.up();
    stack.loseState();
    expect(await stack.down()).toEqual({ kept: [], left: [] });
    expect(stack.ids()).toEqual([]);
  });

  it('never adopts a thing with our name and without our tags', async () => {
    const stack = new Stack([fakeStep('cluster', { repeatable: 'name' })]);
    stack.cloud.search = () => Promise.resolve([...stack.cloud.things.values()]);
    stack.cloud.add('cluster', { Name: 'theirs' }, { id: 'cluster-theirs' });
    await expect(stack.up()).rejects.toThrow('cluster-theirs has no temporal-fargate tags');
    await expect(stack.down()).rejects.toThrow('cluster-theirs has no temporal-fargate tags');
    expect(stack.ids()).toEqual(['cluster-theirs']);
  });

  it('refuses a thing of another life of the same stack name', async () => {
    const stack = new Stack([fakeStep('vpc')]);
    stack.cloud.add('vpc', { ...stack.tags('vpc'), [TAG.stackId]: 'id-of-old' });
    await expect(stack.up()).rejects.toThrow('(id-of-old)');
  });
});

describe('from two things', () => {
  it('refuses and lists both ids when neither is used', async () => {
    const stack = new Stack([fakeStep('vpc')]);
    stack.cloud.add('vpc', stack.tags('vpc'), { id: 'vpc-1' });
    stack.cloud.add('vpc', stack.tags('vpc'), { id: 'vpc-2' });
    await expect(stack.up()).rejects.toThrow('2 things are tagged as vpc of this stack: vpc-1, vpc-2');
    expect(stack.cloud.mutations()).toEqual([]);
  });

  it('keeps the one that others use and plans to delete the other', async () => {
    const vpc = fakeStep('vpc');
    const stack = new Stack([vpc, fakeStep('subnet', { needs: { vpc } })]);
    await stack.up();
    const used = stack.session.document.steps.vpc?.id;
    stack.loseState();
    const extra = stack.cloud.add('vpc', stack.tags('vpc'));
    const { items, problems } = await stack.plan();
    expect(problems).toEqual([]);
    expect(items[0]).toMatchObject({ action: 'adopt', live: { id: used }, duplicates: [{ id: extra.id }] });
    await stack.up();
    expect(stack.ids()).not.toContain(extra.id);
    expect(stack.session.document.steps.vpc?.id).toBe(used);
  });

  it('destroys both', async () => {
    const stack = new Stack([fakeStep('vpc')]);
    await stack.up();
    stack.cloud.add('vpc', stack.tags('vpc'));
    expect(await stack.down()).toEqual({ kept: [], left: [] });
    expect(stack.ids()).toEqual([]);
  });
});
