import * as z from 'zod';
import type { PriceName } from '../steps/monthly-cost.ts';
import type { RegionPrices } from './prices.ts';

export type Offer = 'AmazonECS' | 'AmazonVPC' | 'AWSSecretsManager' | 'AmazonCloudWatch' | 'AmazonECR' | 'AmazonS3';

/**
 * Usage types as a bill shows them, by the file that lists them; most regions put their own prefix before, as in
 * EUC1-Fargate-GB-Hours. NAT gateways are here in case: AWS lists them in AmazonEC2, which is 400 MB a region and not
 * read. Source: the files themselves (2026-09).
 */
export const USAGE_TYPES: Readonly<Record<Offer, { readonly [name in PriceName]?: string }>> = {
  AmazonECS: {
    'fargate-x86_64-vcpu-hour': 'Fargate-vCPU-Hours:perCPU',
    'fargate-x86_64-gb-hour': 'Fargate-GB-Hours',
    'fargate-arm64-vcpu-hour': 'Fargate-ARM-vCPU-Hours:perCPU',
    'fargate-arm64-gb-hour': 'Fargate-ARM-GB-Hours',
  },
  AmazonVPC: { 'nat-gateway-hour': 'NatGateway-Hours', 'public-ipv4-hour': 'PublicIPv4:InUseAddress' },
  AWSSecretsManager: { 'secret-month': 'AWSSecretsManager-Secrets' },
  AmazonCloudWatch: { 'alarm-month': 'CW:AlarmMonitorUsage', 'logs-ingested-gb': 'DataProcessing-Bytes' },
  AmazonECR: { 'ecr-gb-month': 'TimedStorage-ByteHrs' },
  AmazonS3: { 's3-gb-month': 'TimedStorage-ByteHrs' },
};

const offerFile = z.object({
  publicationDate: z.string().regex(/^\d{4}-\d\d-\d\d/),
  products: z.record(z.string(), z.object({ attributes: z.object({ usagetype: z.string().optional() }) })),
  terms: z.object({
    OnDemand: z.record(
      z.string(),
      z.record(
        z.string(),
        z.object({
          priceDimensions: z.record(
            z.string(),
            z.object({ beginRange: z.string().optional(), pricePerUnit: z.object({ USD: z.string().optional() }) }),
          ),
        }),
      ),
    ),
  }),
});

const spotFile = z.object({
  prices: z.array(
    z.object({
      unit: z.string(),
      price: z.object({ USD: z.coerce.number().optional() }),
      attributes: z.object({ 'aws:region': z.string().optional() }),
    }),
  ),
});

/** The prices of one offer's file. Throws when it is no such file. What is missing or ambiguous in it is left out. */
export function pricesOfOffer(offer: Offer, content: unknown): RegionPrices {
  const { publicationDate, products, terms } = offerFile.parse(content);
  const found = Object.entries(USAGE_TYPES[offer]).flatMap(([name, usageType]) => {
    const skus = Object.keys(products).filter((sku) => isUsage(products[sku]?.attributes.usagetype ?? '', usageType));
    const prices = new Set(skus.flatMap((sku) => firstTier(Object.values(terms.OnDemand[sku] ?? {}))));
    const [usd, ...others] = prices;
    if (usd === undefined || others.length > 0) return [];
    return [[name, { usd, asOf: publicationDate.slice(0, 10), source: `AWS price list ${offer}` }] as const];
  });
  return Object.fromEntries(found);
}

/** The whole name after the region's prefix: RegionalNatGateway-Hours is no NatGateway-Hours. */
const isUsage = (text: string, usageType: string): boolean => text.replace(/^[A-Z]+\d*-/, '') === usageType;

function firstTier(terms: readonly z.infer<typeof offerFile>['terms']['OnDemand'][string][string][]): number[] {
  return terms
    .flatMap(({ priceDimensions }) => Object.values(priceDimensions))
    .filter(({ beginRange }) => (beginRange ?? '0') === '0')
    .flatMap(({ pricePerUnit }) => positive(Number(pricePerUnit.USD)));
}

/** Nothing that is listed here is free, so a price of 0 says something else. */
const positive = (usd: number): number[] => (usd > 0 ? [usd] : []);

export const SPOT_UNITS: Readonly<Record<string, PriceName>> = {
  'vCPU-Hours': 'fargate-spot-x86_64-vcpu-hour',
  'GB-Hours': 'fargate-spot-x86_64-gb-hour',
  'ARM-vCPU-Hours': 'fargate-spot-arm64-vcpu-hour',
  'ARM-GB-Hours': 'fargate-spot-arm64-gb-hour',
};

/** Fargate Spot prices of a region. The feed has no date of its own. Throws when it is no such file. */
export function pricesOfSpotFeed(content: unknown, region: string, asOf: string): RegionPrices {
  const found = spotFile.parse(content).prices.flatMap(({ unit, price, attributes }) => {
    const name = attributes['aws:region'] === region ? SPOT_UNITS[unit] : undefined;
    return name === undefined
      ? []
      : positive(Number(price.USD)).map((usd) => [name, { usd, asOf, source: 'Fargate Spot price feed' }] as const);
  });
  return Object.fromEntries(found);
}
