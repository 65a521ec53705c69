import { describe, expect, it } from 'vitest';
import { needsOf } from '../../src/engine/step.ts';
import { newDocument, type StateDocument } from '../../state/document.ts';
import { SerialWriter } from '../../state/serial-writer.ts';
import type { Session } from '../../state/store.ts';
import { Stack } from '../helpers/engine.ts';
import { fakeStep } from '../helpers/fake-cloud.ts';

/** A session whose saves take their time, one after the other, as those to S3 do. */
class SlowSession implements Session {
  document: StateDocument = newDocument({ stack: 'dev', stackId: 'id-1', accountId: '1', region: 'us-east-1' });
  /** What a run that comes after this one would find. */
  stored: StateDocument = this.document;
  saves = 0;
  /** The number of a save that fails; all after it do. */
  failsAt = Number.POSITIVE_INFINITY;
  private readonly writer = new SerialWriter(async () => {
    const { document } = this;
    await new Promise((resolve) => setTimeout(resolve, 2));
    this.saves += 1;
    if (this.saves >= this.failsAt) throw new Error('the state is out of reach');
    this.stored = document;
  });

  update(change: (draft: StateDocument) => void): Promise<void> {
    const draft = structuredClone(this.document);
    change(draft);
    this.document = draft;
    return this.writer.request();
  }

  async assertHeld(): Promise<void> {}
}

/** a <- b <- c */
function chain() {
  const a = fakeStep('a');
  const b = fakeStep('b', { needs: { a } });
  const stack = new Stack([a, b, fakeStep('c', { needs: { b } })]);
  const session = new SlowSession();
  // Only what the engine itself asks of a session.
  stack.session = session as unknown as typeof stack.session;
  return { stack, session };
}

describe('saves of the state', () => {
  it('before each create hold its intent and the ids of all that it needs', async () => {
    const { stack, session } = chain();
    const seen: string[] = [];
    stack.cloud.before = (call) => {
      const step = stack.steps.find(({ id }) => call === `create ${id}`);
      if (!step) return;
      expect(session.stored.steps[step.id]).toEqual({
        token: expect.any(String),
        generation: 1,
        startedAt: expect.any(String),
      });
      for (const need of needsOf(step)) expect(session.stored.steps[need.step.id]?.id).toBeDefined();
      seen.push(step.id);
    };
    await stack.up();
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(Object.values(session.stored.steps).map(({ id }) => id)).not.toContain(undefined);
  });

  it('take an id along with the intents of what comes next: one for each link of a chain, and one at its end', async () => {
    const { stack, session } = chain();
    await stack.up();
    expect(session.saves).toBe(4);
  });

  it('that fail let nothing more be created, and the run fails', async () => {
    const { stack, session } = chain();
    session.failsAt = 2;
    await expect(stack.up()).rejects.toThrow('the state is out of reach');
    expect(stack.cloud.mutations()).toEqual(['create a']);
  });
});
