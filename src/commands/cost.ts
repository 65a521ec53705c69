import { explainAwsError } from '../aws/explain.ts';
import type { Known } from '../config/option.ts';
import type { StackConfig } from '../config/schema.ts';
import { EXIT, UserError } from '../errors.ts';
import type { Bill } from '../pricing/bill.ts';
import { refreshPrices } from '../pricing/download.ts';
import { cheapestOther } from '../pricing/layouts.ts';
import type { RegionPrices } from '../pricing/prices.ts';
import { ASSUMED } from '../steps/monthly-cost.ts';
import { formatCost } from '../ui/format-cost.ts';
import { answerWhere, type Where } from './answering.ts';
import { connect, knownOf } from './connect.ts';
import type { CommandInput } from './input.ts';
import { billFor, tablePrices, tasksOf } from './stack-bill.ts';
import { storedConfig } from './stored-config.ts';
import { configUnasked } from './unasked.ts';

const ASSUMPTIONS = [
  `${ASSUMED.logs} GB of logs for each task`,
  `${ASSUMED.images} GB of images`,
  `${ASSUMED.data} GB of data`,
];

/** `cost`: the monthly bill by line, of the stack that is there or of the answers. Asks nothing and changes nothing. */
export async function cost(input: CommandInput): Promise<number> {
  const { io, flags } = input;
  const where = await answerWhere({ ...input, flags: { ...flags, yes: true } });
  const { config, exists } = await configFor(input, where);
  const prices = flags.own.refresh === true ? await presentPrices(input, config.region) : tablePrices(config.region);
  const bill = billFor(config, prices);
  const other = cheapestOther(config, (layout) => billFor(layout, prices));
  const { stack, region, network } = config;
  const tasks = tasksOf(config);
  io.result(formatCost({ stack, region, tasks, network: network.preset, bill, other, assumed: ASSUMPTIONS }), {
    stack,
    exists,
    region,
    tasks,
    currency: 'USD',
    ...billData(bill),
    assumed: ASSUMPTIONS,
    other: other ?? null,
  });
  return EXIT.done;
}

/** For programs, what is not known is null. */
const billData = ({ lines, sum, unknown, free, asOf }: Bill): object => ({
  sum: sum ?? null,
  unknown,
  free,
  asOf: asOf ?? null,
  lines: lines.map(({ unitPrice, monthly, formula, ...line }) => ({
    ...line,
    unitPrice: unitPrice ?? null,
    formula: formula ?? null,
    monthly: monthly ?? null,
  })),
});

async function presentPrices({ io, env, signal }: CommandInput, region: string): Promise<RegionPrices> {
  const { prices, problems } = await refreshPrices(region, tablePrices(region), {
    origin: env.TEMPORAL_FARGATE_PRICES_URL || undefined,
    today: new Date().toISOString().slice(0, 10),
    signal,
  });
  for (const problem of problems) io.warn(`${problem} What the built-in table knows of it is used.`);
  return prices;
}

/**
 * The answers as `init` would take them. What costs nothing and only a person or AWS knows (the address of Temporal, the
 * names of zones) gets a stand-in.
 */
async function configFor(input: CommandInput, where: Where): Promise<{ config: StackConfig; exists: boolean }> {
  const { before, known, account } = await lookUp(input, where);
  const region = account?.region ?? where.region;
  const config = await configUnasked(input, {
    stack: where.stack,
    region,
    before,
    known: { ...known, zones: [`${region}a`, `${region}b`] },
    account: account && { accountId: account.accountId, partition: account.partition },
    fallback: { temporalAddress: 'localhost', temporalNamespace: 'default' },
  });
  return { config, exists: before !== undefined };
}

interface Looked {
  readonly before: StackConfig | undefined;
  readonly known: Known;
  readonly account?: { readonly accountId: string; readonly partition: string; readonly region: string };
}

/** An estimate needs no account: without one, it is that of the answers. */
const GOES_ON_WITHOUT = [
  'NO_CREDENTIALS',
  'CREDENTIALS_EXPIRED',
  'CREDENTIALS_INVALID',
  'AWS_UNREACHABLE',
  'NO_SANDBOX',
];

async function lookUp(input: CommandInput, where: Where): Promise<Looked> {
  try {
    const connection = await connect(input, where);
    try {
      const document = await (await connection.findStore())?.read();
      const before = storedConfig(document?.configs.at(-1));
      if (!before) input.io.note(`There is no stack ${where.stack} yet: this is what the answers would cost.`);
      return { before, known: knownOf(connection, { zones: [] }), account: connection };
    } finally {
      connection.close();
    }
  } catch (error) {
    const explained = explainAwsError(error);
    if (!(explained instanceof UserError && GOES_ON_WITHOUT.includes(explained.code))) throw error;
    input.io.note(
      `This is what the answers would cost. Whether stack ${where.stack} exists was not looked up: ${explained.message}.`,
    );
    return { before: undefined, known: { zones: [] } };
  }
}
