/**
 * `npm run test:live`: a small stack in a real AWS account, from nothing to nothing, and what AWS answers held against what
 * the emulator does. Arguments: `--sandbox` has an emulator stand in for AWS, which checks this program itself;
 * `--sweep HOURS` removes what runs have left that were cut off longer ago.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { runCli } from '../test/helpers/cli.ts';
import { type Account, liveAccount, Program, sandboxAccount } from '../test/live/account.ts';
import { compareShapes, formatComparison } from '../test/live/compare-shapes.ts';
import { type Journey, PREFIX, SMALL, sweep, travel } from '../test/live/journey.ts';
import { costOfRun, HOURS, type Limits, readLimits } from '../test/live/limits.ts';
import { safeEnvironment, setUp } from './setup.mjs';

const { values } = parseArgs({ options: { sandbox: { type: 'boolean' }, sweep: { type: 'string' } } });
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const newStack = (): string => `${PREFIX}${randomBytes(4).toString('hex')}`;

/** The account that was named, and no other. */
async function checkedAccount({ accountId, region }: Limits): Promise<Account> {
  const account = liveAccount(process.env, region);
  const { Account } = await account.clients.sts.send(new GetCallerIdentityCommand({}));
  if (Account === accountId) return account;
  throw new Error(`These credentials are of account ${Account}, and not of ${accountId}. Nothing was made.`);
}

async function checkCost(account: Account, limits: Limits): Promise<void> {
  const program = new Program(account);
  const { sum } = (await program.run(['cost', ...SMALL, '--stack', newStack()])) as { sum: { max: number } | null };
  program.close();
  const usd = costOfRun(sum?.max ?? null, limits.limitUsd);
  say(`Up to ${usd.toFixed(2)} $ in ${HOURS} hours, in account ${limits.accountId}, ${limits.region}.`);
}

/** Starts a sandbox of its own for `work`. */
async function inSandbox<T>(name: Account['name'], work: (account: Account) => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), 'temporal-fargate-live-home-'));
  const env = { ...safeEnvironment(), TEMPORAL_FARGATE_HOME: home };
  try {
    await runCli(['sandbox', 'start'], env);
    return await work(await sandboxAccount(name, env));
  } finally {
    await runCli(['sandbox', 'stop'], env);
    rmSync(home, { recursive: true, force: true });
  }
}

async function newJourney(account: Account): Promise<Journey> {
  const { Account: accountId = '' } = await account.clients.sts.send(new GetCallerIdentityCommand({}));
  return travel(account, { stack: newStack(), region: account.region, accountId });
}

async function liveJourney(limits: Limits): Promise<Journey> {
  const account = await checkedAccount(limits);
  await checkCost(account, limits);
  return newJourney(account);
}

async function main(): Promise<number> {
  const limits = values.sandbox ? undefined : readLimits(process.env);
  setUp();
  if (limits && values.sweep !== undefined) {
    const swept = await sweep(new Program(await checkedAccount(limits)), Number(values.sweep));
    say(swept.length === 0 ? 'Nothing was left.' : `Removed: ${swept.join(', ')}.`);
    return 0;
  }
  const real = limits ? await liveJourney(limits) : await inSandbox('AWS', newJourney);
  const emulated = await inSandbox('emulator', newJourney);
  process.stdout.write(`${formatComparison(compareShapes(real.shapes, emulated.shapes))}\n`);
  const problems = [...real.problems, ...emulated.problems];
  for (const problem of problems) say(`✖ ${problem}`);
  return problems.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  say(`✖ ${(error as Error).message}`);
  process.exitCode = 1;
}
