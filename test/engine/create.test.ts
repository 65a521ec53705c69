import { describe, expect, it } from 'vitest';
import { TAG } from '../../src/engine/ownership.ts';
import { positions, Stack, smallStack } from '../helpers/engine.ts';
import { CloudError, fakeStep } from '../helpers/fake-cloud.ts';

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
