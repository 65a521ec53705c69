import type { StateDocument, StepRecord } from '../../state/document.ts';
import { type EngineContext, PROPAGATION_MS } from './context.ts';
import { named, reasonOf } from './failure.ts';
import { ambiguous, assertOwned, ownerTags } from './ownership.ts';
import { isFresh } from './recorded.ts';
import { searchForIntent } from './search.ts';
import type { AnyStep, CreateOptions, Live } from './step.ts';
import { poll } from './wait.ts';

/** Attempts when the answer to a create was lost; each is preceded by a search for what it may have made. */
const ATTEMPTS = 3;

/** A thing that was made, or found. */
export interface Ensured {
  readonly live: Live;
  /** Made by this very call. */
  readonly fresh: boolean;
  /**
   * Settled when its id is stored. Whoever has to store something before a call of his own need not wait for it: what is
   * stored later holds what was to be stored before.
   */
  readonly stored: Promise<void>;
}

/**
 * Creates the step's thing, or finds the one that an interrupted run made.
 *
 * The intent is stored before the call, and the id goes to the state as soon as it is known, so that at every moment
 * either the state or the tags lead to whatever exists.
 */
export async function createThing<Cloud>(
  context: EngineContext<Cloud, unknown>,
  step: AnyStep<Cloud>,
  want: unknown,
): Promise<Ensured> {
  const { cloud, session, classify } = context;
  let record = session.document.steps[step.id];
  let reused = record !== undefined && record.id === undefined;
  if (reused && record) {
    const found = await searchAgain(context, step, record);
    if (found) return ensured(context, step, found, false);
  }
  for (let attempt = 1; ; attempt += 1) {
    if (!reused || !record) record = await intend(context, step, record);
    const options = createOptions(context, step, record.token);
    let live: Live;
    try {
      live = await named('creating', step, undefined, () =>
        retryPropagation(context, step, async () => {
          await session.assertHeld();
          return step.create(cloud, want, options);
        }),
      );
    } catch (error) {
      if (classify((error as Error).cause ?? error) !== 'unknown' || attempt >= ATTEMPTS) throw error;
      const found = await searchAgain(context, step, record);
      if (found) return ensured(context, step, found, false);
      reused = true;
      continue;
    }
    // An old token answers with the original thing for a day, even when that has been deleted meanwhile. A fresh one
    // does not, and a read right after its create may not see the thing yet.
    const old = reused && step.repeatable === 'token' && !isFresh(record);
    if (old && !(await step.findById(cloud, live.id))) {
      reused = false;
      continue;
    }
    return ensured(context, step, live, true);
  }
}

function ensured(context: EngineContext<unknown, unknown>, step: AnyStep, live: Live, fresh: boolean): Ensured {
  const stored = saveId(context, step, live);
  // Whoever waits for it hears of it. Nobody does when something else fails first.
  stored.catch(() => undefined);
  return { live, fresh, stored };
}

export function createOptions(context: EngineContext<unknown, unknown>, step: AnyStep, token: string): CreateOptions {
  return { tags: ownerTags(context.owner, step.id), token };
}

async function intend(
  context: EngineContext<unknown, unknown>,
  step: AnyStep,
  previous: StepRecord | undefined,
): Promise<StepRecord> {
  const record: StepRecord = {
    token: context.newToken(),
    generation: (previous?.generation ?? 0) + 1,
    startedAt: new Date().toISOString(),
    ...(previous?.deletion ? { deletion: previous.deletion } : {}),
  };
  await context.session.update((draft) => {
    draft.steps[step.id] = record;
  });
  return record;
}

/** The step's record in a draft; a new one for a thing that was found and never recorded. */
export function recordIn(
  context: Pick<EngineContext<unknown, unknown>, 'newToken'>,
  draft: StateDocument,
  step: AnyStep,
): StepRecord {
  return draft.steps[step.id] ?? { token: context.newToken(), generation: 1, startedAt: new Date().toISOString() };
}

/** Writes the id of `live` to the step's record, keeping its token and generation: it is there to stay. */
export function saveId(
  context: EngineContext<unknown, unknown> | EngineContext<never, unknown>,
  step: AnyStep,
  live: Live,
): Promise<void> {
  return context.session.update((draft) => {
    const { deletion, ...record } = recordIn(context, draft, step);
    draft.steps[step.id] = { ...record, id: live.id, ...(deletion?.id === live.id ? {} : { deletion }) };
  });
}

async function searchAgain<Cloud>(
  context: EngineContext<Cloud, unknown>,
  step: AnyStep<Cloud>,
  record: StepRecord,
): Promise<Live | undefined> {
  // With a token the repeated call finds it, and a name is taken or free: only tags lag behind.
  const lives = await searchForIntent(context, step, record, step.repeatable === 'tags');
  if (lives.length > 1) {
    throw ambiguous(
      lives.map((live) => live.id),
      step,
    );
  }
  for (const live of lives) assertOwned(live, context.owner, step);
  return lives[0];
}

/** Repeats a call while something it names was made a moment ago and is not visible everywhere yet. */
export async function retryPropagation<T>(
  context: EngineContext<unknown, unknown>,
  step: AnyStep,
  call: () => Promise<T>,
): Promise<T> {
  const { clock, signal, emit, classify } = context;
  return poll<T>({
    what: `AWS to accept ${step.title}`,
    clock,
    signal,
    timeoutMs: PROPAGATION_MS,
    intervalMs: 2 * context.pollMs,
    onWaiting: (reason, elapsedMs) =>
      emit({ type: 'waiting', id: step.id, title: step.title, reason, elapsedMs, deadlineMs: PROPAGATION_MS }),
    probe: async () => {
      try {
        return { done: true, value: await call() };
      } catch (error) {
        if (classify(error) !== 'propagating') throw error;
        return { done: false, reason: reasonOf(error), cause: error };
      }
    },
  });
}
