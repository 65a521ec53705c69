import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnswersName } from './answers.ts';
import type { Event } from './commands.ts';
import { anyAnswers, anySequence } from './events.ts';
import { World } from './world.ts';

/** Set by `npm run test:properties`; `npm test` takes a few sequences, always the same ones. */
const { PROPERTY_SEED = '20261129', PROPERTY_RUNS, PROPERTY_PATH: path, PROPERTY_SHRINK } = process.env;
const seed = Number(PROPERTY_SEED);
/** A run by hand takes as long as it was asked to. */
const LONG = 12 * 3600_000;

interface Aws {
  /** How many sequences `npm test` takes. */
  readonly runs: number;
  /** What the program's waits are multiplied with. */
  readonly timeScale: number;
  /** As for `sandbox start --strict`. */
  readonly strict: readonly string[];
}

const KINDS: readonly [string, Aws][] = [
  ['prompt', { runs: 2, timeScale: 0.02, strict: [] }],
  // EC2's reads are 5 s behind and IAM's roles 15 s, in a tenth of the time: the next command comes before they are not.
  [
    'late',
    {
      ...{ runs: 1, timeScale: 0.1 },
      strict: ['ec2-id=0.5', 'ec2-tag=0.5', 'ec2-deleted=0.5', 'role=1.5', 'role-at-start=1.5'],
    },
  ],
];

/** Whatever has happened, the answers are made true or refused for a reason, and everything can be taken down. */
async function holds(world: World, events: readonly Event[], answers: AnswersName): Promise<void> {
  await world.learn(answers);
  await world.reset();
  for (const { text, happen } of events) await happen(world).catch(within(text));
  await world.init(answers).catch(within('the init at the end'));
  await world.destroy().catch(within('the destroy after it'));
}

const within = (text: string) => (error: Error) => {
  throw new Error(`${text}\n  ${error.message}`, { cause: error });
};

describe(`whatever happens to a stack (seed ${seed})`, () => {
  it.each(KINDS)(
    'on an AWS that is %s, the next init makes what is wanted, or refuses for a reason and changes nothing; destroy ends at zero',
    {
      timeout: LONG,
    },
    async (kind, { runs, timeScale, strict }) => {
      const world = await World.start(timeScale, strict);
      try {
        const startedAt = performance.now();
        const property = fc.asyncProperty(anySequence, anyAnswers, (events, answers) => holds(world, events, answers));
        const numRuns = Number(PROPERTY_RUNS ?? runs);
        const endOnFailure = PROPERTY_SHRINK === 'no';
        const found = await fc.check(property, {
          seed,
          numRuns,
          endOnFailure,
          ...(path === undefined ? {} : { path }),
        });
        const seconds = Math.round((performance.now() - startedAt) / 1000);
        process.stdout.write(`properties (${kind}, seed ${seed}): ${found.numRuns} sequences in ${seconds} s\n`);
        if (found.failed) throw new Error(report(kind, found));
        expect(found.numRuns).toBeGreaterThan(0);
      } finally {
        await world.stop();
      }
    },
  );
});

/** The shortest sequence that was found, as commands that a person can repeat, and how to run it again. */
function report(kind: string, details: fc.RunDetails<[Event[], AnswersName]>): string {
  const [events, answers] = details.counterexample as [Event[], AnswersName];
  const late = kind === 'late' ? ' --late' : '';
  return [
    ...events.map(({ text }) => text),
    `temporal-fargate init --yes --allow-replace --config ${answers}.json`,
    'temporal-fargate destroy --yes --purge --delete-data --confirm dev',
    '',
    `npm run test:properties -- --seed ${seed} --path ${details.counterexamplePath}${late}`,
    '',
    (details.errorInstance as Error).message,
  ].join('\n');
}
