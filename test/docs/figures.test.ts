import { expect, it } from 'vitest';
import { buildProgram, type Call } from '../../src/cli.ts';
import { billFor } from '../../src/commands/stack-bill.ts';
import type { Answers } from '../../src/config/option.ts';
import { OPTIONS } from '../../src/config/options.ts';
import { toStackConfig } from '../../src/config/stack-config.ts';
import { STAND_IN } from '../../src/config/stand-in.ts';
import { textOf } from './pages.ts';

const DEFAULTS: Answers = Object.fromEntries(
  OPTIONS.flatMap(({ key, default: usual }) =>
    typeof usual === 'function' || usual === undefined ? [] : [[key, usual]],
  ),
);

/** What `cost --region us-east-1` with these flags shows as its sum. */
async function sumsOf(flags: string): Promise<string[]> {
  const calls: Call[] = [];
  const parser = buildProgram('0', async (call) => {
    calls.push(call);
  });
  await parser.parseAsync(['cost', ...flags.split(' ').filter(Boolean)], { from: 'user' });
  const answers = { ...STAND_IN, ...DEFAULTS, ...calls[0]?.flags.answers, region: 'us-east-1' };
  const { sum } = billFor(toStackConfig(answers, { accountId: '123456789012', partition: 'aws' }));
  return [sum?.min, sum?.max].map((dollars) => `${dollars?.toFixed(2)} $`);
}

it.each(['README.md', 'docs/costs.md'])('%s: the bills are those of the price table', async (path) => {
  const rows = [...textOf(path).matchAll(/^\| (.+) \| (\d+\.\d\d \$) \| (\d+\.\d\d \$) \|$/gm)];
  const told = rows.map(([, answers = '', ...sums]) => [answers, sums] as const);
  const priced = told.map(async ([answers]) => [answers, await sumsOf(/^`([^`]+)`/.exec(answers)?.[1] ?? '')] as const);
  expect(told).toEqual(await Promise.all(priced));
  expect(told.length).toBeGreaterThan(2);
});
