import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { realClock } from '../../src/engine/wait.ts';
import type { EmulatorOptions } from '../../src/sandbox/emulator.ts';
import { AwsStack, changesIn } from '../helpers/aws-stack.ts';
import { eventually, type Inventory, type TestEmulator, useEmulator } from '../helpers/emulator.ts';
import { countable } from '../helpers/inventory.ts';

export interface StepsStage {
  readonly emulator: TestEmulator;
  /** A stack in an account that was emptied first; nothing is created yet. */
  fresh(): Promise<AwsStack>;
  /** Another run of the program against the account as it is. */
  another(): AwsStack;
  readonly folder: string;
}

/** One emulator for all tests of a file, and stacks in it. */
export function useSteps(options: Partial<EmulatorOptions> = {}): StepsStage {
  const emulator = useEmulator({ delaySeconds: 0.1, tasks: 'simulated', ...options });
  const stacks: AwsStack[] = [];
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-steps-'));
  });
  afterAll(() => {
    for (const stack of stacks) stack.close();
    rmSync(folder, { recursive: true });
  });
  const another = (): AwsStack => {
    const stack = new AwsStack(emulator.address, folder);
    // Tags are there after one and a half times the delay.
    stack.tagLagMs = 4000 * emulator.delaySeconds;
    stacks.push(stack);
    return stack;
  };
  return {
    emulator,
    another,
    fresh: async () => {
      await emulator.reset();
      return another();
    },
    get folder() {
      return folder;
    },
  };
}

/** The id that the stack's state has for a step. */
export function idOf(stack: AwsStack, stepId: string): string {
  const id = stack.session.document.steps[stepId]?.id;
  if (id === undefined) throw new Error(`the state has no id of ${stepId}`);
  return id;
}

/** The only thing that an answer lists. */
export function only<T>(list: readonly T[] | undefined): T {
  const [first, ...others] = list ?? [];
  if (first === undefined || others.length > 0) throw new Error(`expected one thing, not ${list?.length ?? 0}`);
  return first;
}

/** A run by a clock of which ten minutes are a second: what is waited for in vain costs a test no time. */
export function hurried(stack: AwsStack, pace = 600): ReturnType<AwsStack['context']> {
  const context = stack.context();
  const clock = {
    now: () => realClock.now() * pace,
    sleep: (ms: number, signal?: AbortSignal) => realClock.sleep(ms / pace, signal),
  };
  return { ...context, clock, pollMs: context.pollMs * pace, tagLagMs: context.tagLagMs * pace };
}

/** What `destroy` leaves of a stack and everything before it: nothing. */
export async function expectNoTrace(stack: AwsStack, emulator: TestEmulator, before: Inventory): Promise<void> {
  expect(await stack.down({ purge: true, deleteData: true })).toEqual({ kept: [], left: [] });
  // AWS goes on deleting task definitions for a while after it has accepted that.
  await eventually('nothing of the stack is left', async () => {
    const now = countable(await emulator.inventory());
    return isDeepStrictEqual(now, countable(before)) || undefined;
  }).catch(async () => expect(countable(await emulator.inventory())).toEqual(countable(before)));
}

/** One thing that somebody does by hand behind the program's back. */
export interface Drift {
  /** What was changed: the test's title. */
  readonly field: string;
  /** What the plan must say, step by step, and nothing more. */
  readonly plan: Record<string, string[]>;
  /** What the plain SDK says about it. */
  read(): Promise<unknown>;
  spoil(): Promise<unknown>;
}

/** A test for each: change it by hand, see it in the plan and nothing else, put it back; at the end destroy it all. */
export function itPutsBack(
  stage: StepsStage,
  drifts: (at: () => AwsStack) => Drift[],
  prepare?: (stack: AwsStack) => void,
) {
  let stack: AwsStack | undefined;
  let before: Inventory = {};
  const ready = async (): Promise<AwsStack> => {
    if (stack) return stack;
    const made = await stage.fresh();
    before = await stage.emulator.inventory();
    prepare?.(made);
    await made.up();
    stack = made;
    return made;
  };
  const at = (): AwsStack => {
    if (!stack) throw new Error('the stack is made inside of tests only');
    return stack;
  };
  for (const { field, plan, read, spoil } of drifts(at)) {
    it(`puts back: ${field}`, async () => {
      const current = await ready();
      let clean = false;
      try {
        const right = await read();
        await spoil();
        await stage.emulator.settle();
        expect(await read()).not.toEqual(right);
        // Were something of the drift before this one left, it would be in here.
        const planned = await current.plan();
        expect(changesIn(planned)).toEqual(plan);
        await current.carryOut(planned);
        await stage.emulator.settle();
        expect(await read()).toEqual(right);
        clean = true;
      } finally {
        // A test that fails leaves a stack that the next one must not start from.
        if (!clean) stack = undefined;
      }
    });
  }
  it('is as planned after all that, and is destroyed without a trace', async () => {
    const current = await ready();
    expect(await current.pending()).toEqual({});
    await expectNoTrace(current, stage.emulator, before);
  });
}
