import { expect, it } from 'vitest';
import { apply } from '../../src/engine/apply.ts';
import { countLeft, narrow, type Scope } from '../../src/engine/narrow.ts';
import { Stack } from '../helpers/engine.ts';
import { fakeStep } from '../helpers/fake-cloud.ts';

const FIX = 'Make the rest first.';

/** vpc <- image <- service <- alarm, and a bucket that nothing needs. */
function stackOfFive(): Stack {
  const vpc = fakeStep('vpc');
  const image = fakeStep('image', { needs: { vpc } });
  const service = fakeStep('service', { needs: { image, vpc } });
  return new Stack([vpc, image, service, fakeStep('alarm', { needs: { service } }), fakeStep('bucket')]);
}

const CODE: Scope = new Map<string, 'all' | string[]>([
  ['image', 'all'],
  ['service', ['size']],
]);

it('changes what is in its scope alone, and says how many other things differ', async () => {
  const stack = stackOfFive();
  await stack.up();
  stack.config = { size: { vpc: 'big', image: 'big', alarm: 'big', bucket: 'big' } };
  const calls = stack.cloud.mutations().length;
  const plan = await stack.plan();
  const narrowed = narrow(plan, CODE, FIX);
  await apply(stack.context(), narrowed);
  expect(stack.cloud.mutations().slice(calls)).toEqual([expect.stringMatching(/^update image-/)]);
  expect(countLeft(plan, narrowed)).toBe(3);
  expect(await stack.actions()).toEqual({ vpc: 'update', alarm: 'update', bucket: 'update' });
});

it('takes of a thing only the fields that are named, and never replaces it', async () => {
  const stack = stackOfFive();
  await stack.up();
  const [other] = [...stack.cloud.things.values()].filter(({ kind }) => kind === 'service');
  await stack.cloud.change(other?.id ?? '', { parent: 'elsewhere' });
  stack.config = { size: { service: 'big' } };
  const plan = await stack.plan();
  expect(plan.items.find(({ step }) => step.id === 'service')).toMatchObject({ action: 'replace' });
  const narrowed = narrow(plan, CODE, FIX);
  const item = narrowed.items.find(({ step }) => step.id === 'service');
  expect(item).toMatchObject({ action: 'update', changes: [{ field: 'size' }] });
  expect(item?.step.diff({ size: 'small', parent: 'x' }, other as never)).toEqual([]);
  // The alarm, which would have to go with it, counts as well.
  expect(countLeft(plan, narrowed)).toBe(2);
});

it('makes what is missing in its scope, and refuses when something is missing that this needs', async () => {
  const stack = stackOfFive();
  await stack.up();
  const of = (kind: string) => [...stack.cloud.things.values()].find((thing) => thing.kind === kind)?.id ?? '';
  for (const kind of ['alarm', 'service']) await stack.cloud.delete(of(kind), false);
  const plan = await stack.plan();
  await apply(stack.context(), narrow(plan, CODE, FIX));
  expect(await stack.actions()).toEqual({ alarm: 'create' });

  for (const kind of ['service', 'image', 'vpc']) await stack.cloud.delete(of(kind), false);
  expect(narrow(await stack.plan(), CODE, FIX).problems).toMatchObject([
    { code: 'STACK_INCOMPLETE', message: 'the stack is not complete: thing vpc is missing', fix: FIX },
  ]);
});
