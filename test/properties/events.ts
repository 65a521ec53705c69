import fc from 'fast-check';
import { ANSWERS_NAMES } from './answers.ts';
import { TAGGED } from './by-hand.ts';
import { CHANGES } from './changes.ts';
import { both, destroyed, type Event, init, killed, purged, typedDestroy, typedInit, typedPurge } from './commands.ts';
import { DELETIONS } from './deletions.ts';
import { bucketDeleted, byHand, lockLeft, notOurs, stateDeleted, stateRestored, stateTruncated } from './mishaps.ts';

/** More than any command makes of them, so that some come to their end. */
const MOST_CALLS = 130;

export const anyAnswers = fc.constantFrom(...ANSWERS_NAMES);
const call = fc.integer({ min: 1, max: MOST_CALLS });
const early = fc.integer({ min: 1, max: 60 });

/** One thing that may happen, the likelier the oftener it does. */
const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  { weight: 4, arbitrary: anyAnswers.map(init) },
  {
    weight: 4,
    arbitrary: fc.tuple(anyAnswers, call, fc.boolean()).map(([name, n, before]) => killed(typedInit(name), n, before)),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(early, fc.boolean()).map(([n, before]) => killed(typedPurge, n, before)),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(early, fc.boolean()).map(([n, before]) => killed(typedDestroy, n, before)),
  },
  { weight: 1, arbitrary: fc.constantFrom(destroyed, purged) },
  { weight: 4, arbitrary: fc.constantFrom(...DELETIONS).map(byHand) },
  { weight: 3, arbitrary: fc.constantFrom(...CHANGES).map(byHand) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...TAGGED), anyAnswers).map(([step, name]) => notOurs(step, name)) },
  { weight: 2, arbitrary: fc.constantFrom(stateDeleted, bucketDeleted) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(anyAnswers, fc.constantFrom('restore', 'discard'))
      .map(([name, mend]) => stateTruncated(name, mend as 'restore' | 'discard')),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 40 }).map(stateRestored) },
  { weight: 1, arbitrary: anyAnswers.map(lockLeft) },
  { weight: 1, arbitrary: fc.tuple(anyAnswers, anyAnswers).map(([a, b]) => both(typedInit(a), typedInit(b))) },
  { weight: 1, arbitrary: anyAnswers.map((a) => both(typedInit(a), typedDestroy)) },
);

/** What happens to a stack in turn; mostly there is one to begin with. */
export const anySequence: fc.Arbitrary<Event[]> = fc
  .tuple(fc.option(anyAnswers), fc.array(anyEvent, { minLength: 1, maxLength: 6 }))
  .map(([first, events]) => [...(first === null ? [] : [init(first)]), ...events]);
