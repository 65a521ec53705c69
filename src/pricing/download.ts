import { explainNoAnswer } from '../aws/explain-connection.ts';
import { httpGet } from '../aws/http-get.ts';
import { EnvironmentHandler } from '../aws/http-handler.ts';
import { type Offer, pricesOfOffer, pricesOfSpotFeed, SPOT_UNITS, USAGE_TYPES } from './price-list.ts';
import type { RegionPrices } from './prices.ts';

/** Where AWS publishes its prices. Neither asks for credentials; the second is what the pricing page itself reads. */
const PRICE_LIST = 'https://pricing.us-east-1.amazonaws.com';
const SPOT_FEED = 'https://dftu77xade0tc.cloudfront.net';

export interface DownloadOptions {
  /** Another origin for both files, for tests. */
  readonly origin?: string | undefined;
  /** Milliseconds for one file, headers and content. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Date of the Spot feed, which carries none: 2026-09-28. */
  readonly today: string;
}

export interface Refreshed {
  /** The table's prices, with those that were read in their place. */
  readonly prices: RegionPrices;
  /** What could not be read, one sentence each; the table's prices stand for it. */
  readonly problems: readonly string[];
}

/** Reads what AWS asks today; the only part of this folder that leaves the machine. Fails for nothing but `signal`. */
export async function refreshPrices(
  region: string,
  table: RegionPrices,
  { origin, timeoutMs = 5000, signal, today }: DownloadOptions,
): Promise<Refreshed> {
  const problems: string[] = [];
  const handler = new EnvironmentHandler(process.env);
  const read = async (
    what: string,
    url: string,
    names: readonly string[],
    parse: (content: unknown) => RegionPrices,
  ): Promise<RegionPrices> => {
    try {
      const timeout = AbortSignal.timeout(timeoutMs);
      const { status, text } = await httpGet(handler, url, signal ? AbortSignal.any([timeout, signal]) : timeout);
      if (status !== 200) throw new Error(`it answers ${status}`);
      const found = parse(JSON.parse(text));
      const missing = names.filter((name) => !(name in found));
      if (missing.length > 0) problems.push(`${what} does not say: ${missing.join(', ')}.`);
      return found;
    } catch (error) {
      signal?.throwIfAborted();
      problems.push(`${what} could not be read: ${reasonOf(error as Error, timeoutMs)}.`);
      return {};
    }
  };
  const offers = (Object.keys(USAGE_TYPES) as Offer[]).map((offer) =>
    read(
      `The price list ${offer}`,
      `${origin ?? PRICE_LIST}/offers/v1.0/aws/${offer}/current/${region}/index.json`,
      Object.keys(USAGE_TYPES[offer]),
      (content) => pricesOfOffer(offer, content),
    ),
  );
  const spot = read(
    'The Fargate Spot price feed',
    `${origin ?? SPOT_FEED}/fargate-spot-prices.json`,
    Object.values(SPOT_UNITS),
    (content) => pricesOfSpotFeed(content, region, today),
  );
  const found = await Promise.all([...offers, spot]).finally(() => handler.destroy());
  return { prices: Object.assign({}, table, ...found), problems: problems.sort() };
}

function reasonOf(error: Error, timeoutMs: number): string {
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`;
  if (error.name === 'ZodError' || error.name === 'SyntaxError') return 'it is not in the form it had';
  return explainNoAnswer(error, 'reading it')?.message ?? error.message;
}
