import { priced, type RegionPrices } from './prices.ts';

/*
 * Sources. "AWS price list X" is https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/X/current/<region>/index.json
 * with its publication date. The Spot feed is what https://aws.amazon.com/fargate/pricing/ shows; Spot prices move
 * with supply. To add a region, copy nothing from another one: what cannot be looked up stays away.
 */
const ECS = 'AWS price list AmazonECS';
const EC2 = 'AWS price list AmazonEC2';
const VPC = 'AWS price list AmazonVPC';
const CLOUDWATCH = 'AWS price list AmazonCloudWatch';
const ECR = 'AWS price list AmazonECR';
const S3 = 'AWS price list AmazonS3';
const SPOT = 'Fargate Spot price feed';

/** One price for all regions: the page has no choice of region. */
const SECRET = priced('aws.amazon.com/secrets-manager/pricing', '2026-09-20', { 'secret-month': 0.4 });
/** Announced for all regions. */
const ADDRESS = priced('AWS News Blog, "New AWS Public IPv4 Address Charge"', '2024-02-01', {
  'public-ipv4-hour': 0.005,
});

/** What AWS asks in the regions that could be looked up. */
export const PRICE_TABLE: Readonly<Record<string, RegionPrices>> = {
  'us-east-1': {
    ...priced(ECS, '2026-09-11', {
      'fargate-x86_64-vcpu-hour': 0.04048,
      'fargate-x86_64-gb-hour': 0.004445,
      'fargate-arm64-vcpu-hour': 0.03238,
      'fargate-arm64-gb-hour': 0.00356,
    }),
    ...priced(SPOT, '2026-09-28', {
      'fargate-spot-x86_64-vcpu-hour': 0.01288871,
      'fargate-spot-x86_64-gb-hour': 0.00141527,
      'fargate-spot-arm64-vcpu-hour': 0.01030969,
      'fargate-spot-arm64-gb-hour': 0.00113349,
    }),
    ...priced(EC2, '2026-09-28', { 'nat-gateway-hour': 0.045 }),
    ...priced(VPC, '2026-09-28', { 'public-ipv4-hour': 0.005 }),
    ...priced('AWS price list AWSSecretsManager', '2026-10-06', { 'secret-month': 0.4 }),
    ...priced(CLOUDWATCH, '2026-10-06', { 'alarm-month': 0.1, 'logs-ingested-gb': 0.5 }),
    ...priced(ECR, '2026-10-06', { 'ecr-gb-month': 0.1 }),
    ...priced(S3, '2026-10-06', { 's3-gb-month': 0.023 }),
  },
  'eu-west-1': {
    ...ADDRESS,
    ...SECRET,
    ...priced(ECS, '2026-09-11', {
      'fargate-x86_64-vcpu-hour': 0.04048,
      'fargate-x86_64-gb-hour': 0.004445,
      'fargate-arm64-vcpu-hour': 0.03238,
      'fargate-arm64-gb-hour': 0.00356,
    }),
    ...priced(SPOT, '2026-09-28', {
      'fargate-spot-x86_64-vcpu-hour': 0.01224056,
      'fargate-spot-x86_64-gb-hour': 0.0013441,
      'fargate-spot-arm64-vcpu-hour': 0.00979124,
      'fargate-spot-arm64-gb-hour': 0.00107649,
    }),
    ...priced(EC2, '2026-09-25', { 'nat-gateway-hour': 0.048 }),
    ...priced(CLOUDWATCH, '2026-09-22', { 'alarm-month': 0.1, 'logs-ingested-gb': 0.57 }),
    ...priced(ECR, '2026-05-01', { 'ecr-gb-month': 0.1 }),
    ...priced(S3, '2026-07-01', { 's3-gb-month': 0.023 }),
  },
  'eu-west-2': {
    ...priced(ECS, '2026-09-11', {
      'fargate-x86_64-vcpu-hour': 0.04656,
      'fargate-x86_64-gb-hour': 0.00511,
      'fargate-arm64-vcpu-hour': 0.03725,
      'fargate-arm64-gb-hour': 0.00409,
    }),
    ...priced(EC2, '2026-09-25', { 'nat-gateway-hour': 0.05 }),
    ...priced(VPC, '2026-09-17', { 'public-ipv4-hour': 0.005 }),
    ...priced('AWS price list AWSSecretsManager', '2026-09-11', { 'secret-month': 0.4 }),
    ...priced(CLOUDWATCH, '2026-09-22', { 'alarm-month': 0.1, 'logs-ingested-gb': 0.5985 }),
    ...priced(ECR, '2026-09-11', { 'ecr-gb-month': 0.1 }),
    ...priced(S3, '2026-09-28', { 's3-gb-month': 0.024 }),
  },
  'eu-central-1': {
    ...ADDRESS,
    ...SECRET,
    ...priced(ECS, '2026-09-11', { 'fargate-x86_64-vcpu-hour': 0.04656, 'fargate-x86_64-gb-hour': 0.00511 }),
    ...priced(S3, '2026-07-01', { 's3-gb-month': 0.0245 }),
  },
  'ap-northeast-1': {
    ...ADDRESS,
    ...SECRET,
    ...priced(ECS, '2026-09-25', { 'fargate-x86_64-vcpu-hour': 0.05056, 'fargate-x86_64-gb-hour': 0.00553 }),
    ...priced(EC2, '2026-09-25', { 'nat-gateway-hour': 0.062 }),
    ...priced(CLOUDWATCH, '2026-07-01', { 'alarm-month': 0.1, 'logs-ingested-gb': 0.76 }),
    ...priced(S3, '2026-07-01', { 's3-gb-month': 0.025 }),
  },
  'ap-south-1': {
    ...ADDRESS,
    ...SECRET,
    ...priced(ECS, '2026-09-11', {
      'fargate-x86_64-vcpu-hour': 0.04256,
      'fargate-x86_64-gb-hour': 0.004655,
      'fargate-arm64-vcpu-hour': 0.02383,
      'fargate-arm64-gb-hour': 0.00261,
    }),
    ...priced(EC2, '2026-09-16', { 'nat-gateway-hour': 0.056 }),
    ...priced(S3, '2026-07-01', { 's3-gb-month': 0.025 }),
  },
};
