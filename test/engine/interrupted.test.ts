import { describe, expect, it } from 'vitest';
import { Stack } from '../helpers/engine.ts';
import { CloudError, fakeStep } from '../helpers/fake-cloud.ts';

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
