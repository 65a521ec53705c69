import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll } from 'vitest';

/** A product of an offer's file: usage type, and prices by the quantity from which they hold. */
type Product = readonly [usageType: string, tiers: Readonly<Record<string, string>>];

/** A file in the form of the AWS price list, as far as anything in it matters here. */
export function offer(publicationDate: string, products: readonly Product[]): string {
  const skus = products.map(([usagetype, tiers], index) => ({ sku: `SKU${index}`, usagetype, tiers }));
  const dimensions = (tiers: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(tiers).map(([beginRange, USD]) => [beginRange, { beginRange, pricePerUnit: { USD } }]),
    );
  return JSON.stringify({
    publicationDate,
    products: Object.fromEntries(skus.map(({ sku, usagetype }) => [sku, { sku, attributes: { usagetype } }])),
    terms: {
      OnDemand: Object.fromEntries(
        skus.map(({ sku, tiers }) => [sku, { [`${sku}.TERM`]: { priceDimensions: dimensions(tiers) } }]),
      ),
    },
  });
}

export const spotFeed = (prices: readonly (readonly [region: string, unit: string, usd: string])[]): string =>
  JSON.stringify({
    prices: prices.map(([region, unit, USD]) => ({ unit, price: { USD }, attributes: { 'aws:region': region } })),
  });

/** What is answered at a path: content, a status, or nothing at all. */
export type Answer = string | number | 'silence';

export interface PriceServer {
  readonly origin: string;
  /** By path; everything else is a 404. */
  answers: Record<string, Answer>;
}

export const offerPath = (name: string, region: string): string =>
  `/offers/v1.0/aws/${name}/current/${region}/index.json`;

/** A server on this machine in the place of AWS's two, for the tests of a file. */
export function usePriceServer(): PriceServer {
  let server: Server;
  const state = { origin: '', answers: {} as Record<string, Answer> };
  beforeAll(async () => {
    server = createServer((request, response) => {
      const answer = state.answers[request.url ?? ''] ?? 404;
      if (answer === 'silence') return;
      if (typeof answer === 'number') response.statusCode = answer;
      // As AWS does for whoever takes it.
      const zipped = request.headers['accept-encoding'] === 'gzip' && typeof answer === 'string';
      if (zipped) response.setHeader('content-encoding', 'gzip');
      response.end(typeof answer === 'string' ? (zipped ? gzipSync(answer) : answer) : '');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    state.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return state;
}
