import { describe, expect, it } from 'vitest';
import { TAG } from '../../src/engine/ownership.ts';
import { whenCreated } from '../../src/engine/step.ts';
import { Cancelled, ManyErrors } from '../../src/errors.ts';
import { Stack } from '../helpers/engine.ts';
import { CloudError, fakeStep } from '../helpers/fake-cloud.ts';

/** vpc <- subnet <- gateway(lingers, token) <- service; vpc <- group <- service */
function smallStack(): Stack {
  const vpc = fakeStep('vpc');
  const subnet = fakeStep('subnet', { needs: { vpc } });
  const gateway = fakeStep('gateway', { needs: { subnet }, repeatable: 'token', lingers: true });
  const routes = fakeStep('routes', { needs: { vpc, gateway: whenCreated(gateway) } });
  const group = fakeStep('group', { needs: { vpc } });
  const service = fakeStep('service', { needs: { subnet, gateway, group, routes }, repeatable: 'name', lingers: true });
  return new Stack([service, group, routes, gateway, subnet, vpc]);
}

const positions = (calls: string[], ...names: string[]): number[] => names.map((name) => calls.indexOf(name));

describe('from nothing', () => {
  it('creates every step after its needs, and a second run changes nothing', async () => {
    const stack = smallStack();
    await stack.up();
    const [vpc, subnet, gateway, service] = positions(
      stack.cloud.calls,
      'create vpc',
      'create subnet',
      'create gateway',
      'create service',
    ) as [number, number, number, number];
    expect(vpc).toBeLessThan(subnet);
    expect(subnet).toBeLessThan(gateway);
    expect(gateway).toBeLessThan(service);

    const before = stack.cloud.mutations().length;
    expect(await stack.actions()).toEqual({});
    await stack.up();
    expect(stack.cloud.mutations()).toHaveLength(before);
  });

  it('gives the ownership tags in the creating call', async () => {
    const stack = smallStack();
    await stack.up();
    for (const thing of stack.cloud.things.values()) {
      expect(thing.tags).toMatchObject({
        [TAG.managed]: 'true',
        [TAG.stack]: 'dev',
        [TAG.stackId]: 'id-1',
        [TAG.resource]: thing.kind,
      });
    }
  });

  it('starts a step as soon as its own needs are met, while others still wait', async () => {
    const slow = fakeStep('slow');
    const quick = fakeStep('quick');
    const afterQuick = fakeStep('after-quick', { needs: { quick } });
    const stack = new Stack([slow, quick, afterQuick]);
    stack.cloud.pendingLooks = 3;
    await stack.up();
    const done = stack.events.filter((e) => e.type === 'done').map((e) => e.id);
    const started = stack.events.filter((e) => e.type === 'started').map((e) => e.id);
    expect(started.slice(0, 2).sort()).toEqual(['quick', 'slow']);
    expect(done).toHaveLength(3);
  });

  it('lets a step that needs only "created" start before its need is ready, and one that needs "ready" not', async () => {
    const stack = smallStack();
    stack.cloud.pendingLooks = 4;
    await stack.up();
    const { calls } = stack.cloud;
    const gatewayId = [...stack.cloud.things.values()].find((t) => t.kind === 'gateway')?.id;
    const lastLookAtGateway = calls.lastIndexOf(`find ${gatewayId}`);
    expect(calls.indexOf('create routes')).toBeLessThan(lastLookAtGateway);
    expect(calls.indexOf('create service')).toBeGreaterThan(lastLookAtGateway);
  });

  it('stores the intent before the call and the id before the wait', async () => {
    const stack = new Stack([fakeStep('vpc', { repeatable: 'token' })]);
    stack.cloud.pendingLooks = 2;
    const seen: unknown[] = [];
    stack.cloud.before = (call) => {
      if (call === 'create vpc') seen.push(['create', structuredClone(stack.session.document.steps.vpc)]);
      if (/^find vpc-/.test(call)) seen.push(['look', stack.session.document.steps.vpc?.id !== undefined]);
    };
    await stack.up();
    expect(seen[0]).toEqual(['create', { token: expect.any(String), generation: 1, startedAt: expect.any(String) }]);
    expect(seen[1]).toEqual(['look', true]);
  });

  it('writes at most two documents a step', async () => {
    const stack = smallStack();
    await stack.up();
    expect(stack.session.writes).toBeLessThanOrEqual(stack.steps.length * 2);
  });

  it('makes no call once the lock is lost', async () => {
    const stack = smallStack();
    stack.cloud.before = (call) => {
      if (call === 'create subnet') stack.session.lose();
    };
    await expect(stack.up()).rejects.toThrow(/lock/);
    const index = stack.cloud.calls.indexOf('create subnet');
    expect(stack.cloud.calls.slice(index + 1).filter((c) => !c.startsWith('find') && c !== 'create group')).toEqual([]);
  });

  it('repeats a call while something new is not visible yet, and gives up after two minutes', async () => {
    const stack = new Stack([fakeStep('role')]);
    let refusals = 3;
    stack.cloud.before = (call) => {
      if (call === 'create role' && refusals-- > 0) throw new CloudError('propagating', 'Role is not valid');
    };
    await stack.up();
    expect(stack.cloud.calls.filter((c) => c === 'create role')).toHaveLength(4);

    const never = new Stack([fakeStep('role')]);
    never.cloud.before = (call) => {
      if (call === 'create role') throw new CloudError('propagating', 'Role is not valid');
    };
    await expect(never.up()).rejects.toThrow(/gave up after 2 minutes \(Role is not valid\)/);
  });

  it('never repeats a call that was refused for good', async () => {
    const stack = new Stack([fakeStep('vpc')]);
    stack.cloud.before = (call) => {
      if (call === 'create vpc') throw new CloudError('final', 'AccessDenied');
    };
    await expect(stack.up()).rejects.toThrow('creating thing vpc: AccessDenied');
    expect(stack.cloud.calls.filter((c) => c === 'create vpc')).toHaveLength(1);
  });

  it('after a lost answer finds the thing by tag instead of making a second one', async () => {
    const stack = new Stack([fakeStep('vpc')]);
    stack.cloud.tagLag = 2;
    let lost = false;
    stack.cloud.after = (call) => {
      if (call === 'create vpc' && !lost) {
        lost = true;
        throw new CloudError('unknown', 'socket hang up');
      }
    };
    await stack.up();
    expect(stack.ids()).toHaveLength(1);
    expect(stack.cloud.calls.filter((c) => c === 'create vpc')).toHaveLength(1);
    expect(await stack.actions()).toEqual({});
  });
});

describe('when steps fail', () => {
  it('reports all errors together, lets running steps finish and starts nothing new', async () => {
    const stack = new Stack([
      fakeStep('a'),
      fakeStep('b'),
      fakeStep('c'),
      fakeStep('after-c', { needs: { c: fakeStep('c') } }),
    ]);
    stack.cloud.pendingLooks = 3;
    stack.cloud.before = (call) => {
      if (call === 'create a' || call === 'create b') throw new CloudError('final', `no ${call}`);
    };
    const error = await stack.up().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ManyErrors);
    expect((error as ManyErrors).errors.map((e) => e.message)).toEqual([
      'creating thing a: no create a',
      'creating thing b: no create b',
    ]);
    expect(stack.session.document.steps.c?.id).toBeDefined();
    expect(stack.cloud.calls).not.toContain('create after-c');
    expect(stack.events).toContainEqual(expect.objectContaining({ type: 'skipped', id: 'after-c' }));

    stack.cloud.before = () => undefined;
    await stack.up();
    expect(stack.ids()).toHaveLength(4);
  });

  it('replaces on the next run what never became ready, without asking', async () => {
    const stack = new Stack([fakeStep('gateway', { repeatable: 'token' })]);
    stack.cloud.after = (call) => {
      if (call === 'create gateway') for (const thing of stack.cloud.things.values()) thing.state = 'failed';
    };
    await expect(stack.up()).rejects.toThrow('waiting for thing gateway');
    const [failed] = stack.ids();
    stack.cloud.after = () => undefined;
    const { items } = await stack.plan();
    expect(items[0]).toMatchObject({ action: 'replace', failed: true, reason: 'failed: failed' });
    await stack.up();
    expect(stack.ids()).not.toContain(failed);
    expect(await stack.actions()).toEqual({});
  });

  it('gives up a wait that stays stuck, long before its timeout, and tells what is known of it', async () => {
    const explain = { lines: ['Cause: no room.'], fix: 'Make room.' };
    const stack = new Stack([fakeStep('service', { stuck: '0 of 1 placed', explain })]);
    stack.cloud.pendingLooks = 1000;
    const startedAt = stack.clock.now();
    await expect(stack.up()).rejects.toMatchObject({
      code: 'STUCK',
      message: expect.stringMatching(
        /^waiting for thing service \S+ to become ready: 0 of 1 placed\nCause: no room\.$/,
      ),
      fix: 'Make room.',
    });
    expect(stack.clock.now() - startedAt).toBeLessThan(3 * 60_000);
    const said = stack.events.flatMap((event) => (event.type === 'waiting' ? [event.deadlineMs] : []));
    expect(said.length).toBeGreaterThan(3);
    expect([...new Set(said)]).toEqual([120_000]);
    // The thing stays: what it waits for may come, and the next run waits on.
    expect(stack.session.document.steps.service?.id).toBe(stack.ids()[0]);
  });

  it('gives up a wait in which nothing moves, and lets the cloud stop what it goes on trying', async () => {
    const options = { progress: () => '1 of 1 pending', stop: 'It was stopped' };
    const stack = new Stack([fakeStep('service', options)]);
    stack.cloud.pendingLooks = 1000;
    await expect(stack.up()).rejects.toMatchObject({
      code: 'STUCK',
      message: expect.stringMatching(
        /^waiting for thing service \S+ to become ready: nothing has moved for 4 minutes: pending\nIt was stopped: failed$/,
      ),
    });
    expect(stack.events.find(({ type }) => type === 'note')).toMatchObject({ text: 'It was stopped' });
  });

  it('waits on while something moves, until its timeout', async () => {
    const progress = (): string => String(stack.clock.now());
    const stack: Stack = new Stack([fakeStep('service', { progress, stop: 'It was stopped' })]);
    stack.cloud.pendingLooks = 1000;
    await expect(stack.up()).rejects.toMatchObject({
      code: 'WAIT_TIMEOUT',
      message: expect.stringMatching(/\nIt was stopped: failed$/),
    });
  });

  it('says that what it gives up could not be stopped, when that is so', async () => {
    const stack = new Stack([fakeStep('service', { stuck: '0 of 1 placed', stop: 'It was stopped' })]);
    stack.cloud.pendingLooks = 1000;
    stack.cloud.before = (call) => {
      if (call.startsWith('update')) throw new CloudError('final', 'AccessDenied');
    };
    await expect(stack.up()).rejects.toMatchObject({
      code: 'STUCK',
      message: expect.stringMatching(/\nIt could not be stopped: AccessDenied$/),
    });
  });

  it('on an interrupt finishes the call in flight, keeps its id and starts nothing new', async () => {
    const stack = smallStack();
    stack.cloud.before = (call) => {
      if (call === 'create subnet') stack.abort.abort();
    };
    await expect(stack.up()).rejects.toBeInstanceOf(Cancelled);
    expect(stack.session.document.steps.subnet?.id).toBeDefined();
    expect(stack.cloud.calls).not.toContain('create gateway');
  });

  it('on an interrupt during a wait keeps the id of what it waited for', async () => {
    const stack = new Stack([fakeStep('gateway', { repeatable: 'token' })]);
    stack.cloud.pendingLooks = 100;
    stack.cloud.before = (call) => {
      if (/^find gateway-/.test(call)) stack.abort.abort();
    };
    await expect(stack.up()).rejects.toBeInstanceOf(Cancelled);
    expect(stack.session.document.steps.gateway?.id).toBe(stack.ids()[0]);
  });
});

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

describe('from an intent without an id', () => {
  const crashAfterCreate = async (stack: Stack, kind: string): Promise<void> => {
    const update = stack.session.update.bind(stack.session);
    stack.cloud.after = (call) => {
      if (call === `create ${kind}`) stack.session.update = () => Promise.reject(new Error('killed'));
    };
    await expect(stack.up()).rejects.toThrow('killed');
    stack.session.update = update;
    stack.cloud.after = () => undefined;
    expect(stack.session.document.steps[kind]?.id).toBeUndefined();
  };

  it('finds by tag what the interrupted run made, although the tags show up late', async () => {
    const stack = new Stack([fakeStep('address')]);
    stack.cloud.tagLag = 3;
    await crashAfterCreate(stack, 'address');
    await stack.up();
    expect(stack.cloud.calls.filter((c) => c === 'create address')).toHaveLength(1);
    expect(stack.session.document.steps.address?.id).toBe(stack.ids()[0]);
  });

  it('repeats the call with the same token, which answers with what was made', async () => {
    const stack = new Stack([fakeStep('gateway', { repeatable: 'token' })]);
    stack.cloud.tagLag = 50;
    await crashAfterCreate(stack, 'gateway');
    const token = stack.session.document.steps.gateway?.token;
    await stack.up();
    expect(stack.ids()).toHaveLength(1);
    expect(stack.session.document.steps.gateway?.token).toBe(token);
  });

  it('makes it when the interrupted run had not', async () => {
    const stack = new Stack([fakeStep('address')]);
    stack.cloud.before = (call) => {
      if (call === 'create address') throw new CloudError('final', 'killed before');
    };
    await expect(stack.up()).rejects.toThrow();
    stack.cloud.before = () => undefined;
    await stack.up();
    expect(stack.ids()).toHaveLength(1);
  });

  it('takes a new token when the old one answers with a thing that was deleted since', async () => {
    const stack = new Stack([fakeStep('gateway', { repeatable: 'token' })]);
    await crashAfterCreate(stack, 'gateway');
    const record = stack.session.document.steps.gateway;
    if (record) record.startedAt = new Date(Date.now() - 3_600_000).toISOString();
    // AWS goes on answering the old token with the deleted thing.
    const [old] = [...stack.cloud.things.values()];
    stack.cloud.things.clear();
    const create = stack.cloud.create.bind(stack.cloud);
    stack.cloud.create = (kind, token, tags, fields) =>
      token === record?.token && old ? Promise.resolve(old) : create(kind, token, tags, fields);
    await stack.up();
    expect(stack.ids()).toHaveLength(1);
    expect(stack.session.document.steps.gateway?.id).not.toBe(old?.id);
  });

  it('is found by destroy, late tags or not', async () => {
    const stack = new Stack([fakeStep('address')]);
    stack.cloud.tagLag = 3;
    await crashAfterCreate(stack, 'address');
    expect(await stack.down()).toEqual({ kept: [], left: [] });
    expect(stack.ids()).toEqual([]);
    expect(stack.session.document.steps).toEqual({});
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
    const stack = smallStack();
    await stack.up();
    let deletes = 0;
    stack.cloud.after = (call) => {
      if (call.startsWith('delete') && ++deletes === 2) throw new CloudError('final', 'killed');
    };
    await expect(stack.down()).rejects.toThrow('killed');
    stack.cloud.after = () => undefined;
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
    const stack = smallStack();
    await stack.up();
    let deletes = 0;
    stack.cloud.after = (call) => {
      if (call.startsWith('delete') && ++deletes === 2) throw new CloudError('final', 'killed');
    };
    await expect(stack.down()).rejects.toThrow();
    stack.cloud.after = () => undefined;
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
