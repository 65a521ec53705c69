import { describe, expect, it } from 'vitest';
import { Cancelled, ManyErrors } from '../../src/errors.ts';
import { Stack, smallStack } from '../helpers/engine.ts';
import { CloudError, fakeStep } from '../helpers/fake-cloud.ts';

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
