/*
 * Not one of the suite's tests but one about them: `npm test` runs it at the end (scripts/proof.mjs), on the record of all
 * that IAM was asked for by the program's calls in every other test.
 */
import { expect, it } from 'vitest';
import { type OfCommand, readAuthorizations, type Statement } from '../helpers/authorizations.ts';
import { asOperator, elsewhere, printedFor, untagged } from '../helpers/printed-policies.ts';
import { DENIED, isOfAll, isOfTests, isVisible, NO_POLICY, NOT_MET, SPOILED } from './proof-exceptions.ts';
import { policyCommandOf, type Trial, trials, tried, verdictsOfEmulator } from './trials.ts';

const record = readAuthorizations(process.env.AUTHORIZATION_PROOF ?? '');
const asked = record.commands.filter((one) => !isOfTests(one));
const say = ({ command, stack, operation, action, resource }: OfCommand): string =>
  `${[command, stack].join(' ')}: ${operation}: ${action} on ${resource}`;
const sayAll = (some: readonly Trial<OfCommand>[]): string[] => [...new Set(some.map(({ one }) => say(one)))].sort();
const isAllowed = ({ verdict }: Trial): boolean => verdict.allowed;

/** Everything that commands asked for, held against what is printed for the command and its stack. */
const own = await Promise.all(
  asked.flatMap((one) => {
    const command = policyCommandOf(one);
    if (!command) return [];
    const stack = isOfAll(one) ? undefined : one.stack;
    return [tried(asOperator(one), printedFor({ command, stack, asked }, one))];
  }),
);

/** The other judge is at it while the rest is tried here. */
const first = [...trials];
const ofFirst = verdictsOfEmulator(first);

/** What a policy with --stack was held against: only that keeps stacks apart. */
const limited = own.filter(({ one }) => !isOfAll(one));

it('is of operations that the table of authorizations has, and of commands that have a policy', () => {
  expect(own.length).toBeGreaterThan(100);
  expect(record.problems).toEqual([]);
  const others = new Set(asked.filter((one) => !policyCommandOf(one)).map(({ command }) => command));
  expect([...others].filter((command) => !NO_POLICY.has(command))).toEqual([]);
});

it('has only keys that its actions know: every condition can hold', () => {
  const unknown = own.flatMap(({ one, verdict }) => verdict.unknownKeys.map((key) => `${one.action}: ${key}`));
  expect([...new Set(unknown)]).toEqual([]);
});

it('is all allowed by the policy that is printed for its command', () => {
  const denied = sayAll(own.filter((trial) => !isAllowed(trial)));
  expect(denied.filter((line) => !DENIED.some(([what]) => what.test(line)))).toEqual([]);
});

it('needs every action of every printed policy: without it something would be denied', () => {
  const permission = (command: string, { Sid }: Statement, action: string) => `${command}: ${Sid}: ${action}`;
  const needed = new Set(
    own.flatMap(({ one, verdict: { by } }) => {
      const [only, ...more] = by;
      return only && more.length === 0 ? [permission(policyCommandOf(one) ?? '', only, one.action)] : [];
    }),
  );
  const commands = [...new Set(own.flatMap(({ one }) => policyCommandOf(one) ?? []))];
  const printed = commands.flatMap((command) =>
    [undefined, 'dev'].flatMap((stack) =>
      printedFor({ command, stack, asked }).flatMap((statement) =>
        [statement.Action].flat().map((action) => permission(command, statement, action)),
      ),
    ),
  );
  const idle = [...new Set(printed)].filter((one) => !needed.has(one));
  expect(idle.filter((one) => !NOT_MET.some(([known]) => known.test(one))).sort()).toEqual([]);
});

it('is denied on the things of another stack, also of one whose name begins alike', async () => {
  const others = await Promise.all(
    limited.flatMap(({ one, statements }) =>
      ['other', `${one.stack}-2`].flatMap((stack) => {
        const theirs = elsewhere(one, stack);
        return theirs ? [tried(theirs, statements)] : [];
      }),
    ),
  );
  expect(others.length).toBeGreaterThan(100);
  expect(sayAll(others.filter((trial) => isAllowed(trial) && !isVisible(trial.one)))).toEqual([]);
});

it('is denied on things without tags, where only a tag says whose they are', async () => {
  const bare = await Promise.all(
    limited.flatMap(({ one, statements }) => {
      const without = untagged(one);
      return without ? [tried(without, statements)] : [];
    }),
  );
  expect(bare.length).toBeGreaterThan(10);
  // Things of others have no tags of ours; they are named one by one.
  const isNamed = ({ verdict: { by } }: Trial): boolean => by.every(({ Sid }) => Sid.startsWith('Used'));
  expect(sayAll(bare.filter((trial) => isAllowed(trial) && !isNamed(trial)))).toEqual([]);
});

it('of tasks is allowed by the policies of their role, and denied on everything of another stack', async () => {
  const statementsOf = (documents: readonly string[]): Statement[] =>
    documents.flatMap((document) => [JSON.parse(document).Statement].flat());
  const roles = record.roles.flatMap(({ role, ...one }) => {
    const stack = /^temporal-fargate-[a-z]+-[a-z]+-\d-([a-z0-9-]+?)(_.+)?-(execution|task)$/.exec(role)?.[1];
    return stack ? [{ ...one, command: role, stack }] : [];
  });
  expect(roles.length).toBeGreaterThan(5);
  const results = await Promise.all(
    roles.map(async ({ policies, boundary, ...one }) => {
      const statements = statementsOf(policies);
      const limit = boundary.length > 0 ? statementsOf(boundary) : undefined;
      const theirs = ['other', `${one.stack}-2`].flatMap((stack) => elsewhere(one, stack) ?? []);
      return {
        own: await tried(one, statements, limit),
        others: await Promise.all(theirs.map((other) => tried(other, statements, limit))),
      };
    }),
  );
  const denied = sayAll(results.map(({ own }) => own).filter((trial) => !isAllowed(trial)));
  expect(denied.filter((line) => !SPOILED.test(line))).toEqual([]);
  expect(sayAll(results.flatMap(({ others }) => others).filter(isAllowed))).toEqual([]);
});

it('is judged by the emulator, which enforces policies, as by the simulator', async () => {
  const verdicts = [...(await ofFirst), ...(await verdictsOfEmulator(trials.slice(first.length)))];
  const differing = trials.filter((trial, at) => isAllowed(trial) !== verdicts[at]);
  expect(differing.map(({ one, verdict }) => `${one.action} on ${one.resource}: ${verdict.allowed}`)).toEqual([]);
});
