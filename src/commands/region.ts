import type { Vpc } from '@aws-sdk/client-ec2';
import { ensureStateBucket, findStateBucket, looseStateSettings, type StateBucketOptions } from '../../state/bucket.ts';
import { S3Store } from '../../state/s3-store.ts';
import { Aws, type AwsInit } from '../aws/aws.ts';
import type { OwnBucket } from '../aws/bucket.ts';
import type { Clients } from '../aws/clients.ts';
import { allVpcs } from '../aws/places.ts';
import { usableZones } from '../aws/zones.ts';

/** One region of an account: its AWS things, and its state bucket. */
export interface Region {
  aws(extra?: Pick<AwsInit, 'images'>): Aws;
  /** The stack's store; makes and hardens the state bucket first. */
  makeStore(): Promise<S3Store>;
  /** The stack's store, or `undefined` when this account has no state bucket in this region. */
  findStore(): Promise<S3Store | undefined>;
  /** Settings of the state bucket that somebody has loosened; `makeStore` puts them back. */
  looseStateSettings(): Promise<string[]>;
  /** Names of the zones in which tasks and a NAT gateway can be. Read once: defaults and checks ask for them. */
  zones(): Promise<readonly string[]>;
  /** All VPCs of the account here. Read once as well. */
  vpcs(): Promise<readonly Vpc[]>;
  close(): void;
}

interface RegionInit extends Pick<AwsInit, 'clients' | 'accountId' | 'region' | 'partition' | 'stack'> {
  readonly clients: Clients;
  readonly cliVersion: string;
  readonly leaseSeconds?: number | undefined;
  readonly onMended: NonNullable<StateBucketOptions['onMended']>;
}

export function regionOf({ cliVersion, leaseSeconds, onMended, ...init }: RegionInit): Region {
  const { clients, accountId, region, partition, stack } = init;
  const bucket: StateBucketOptions = { s3: clients.state, accountId, region, partition, onMended };
  const storeOf = (own: OwnBucket): S3Store =>
    new S3Store({
      s3: clients.state,
      own,
      stack,
      region,
      cliVersion,
      ...(leaseSeconds === undefined ? {} : { leaseSeconds }),
    });
  return {
    aws: (extra = {}) => new Aws({ ...init, ...extra }),
    makeStore: async () => storeOf(await ensureStateBucket(bucket)),
    findStore: async () => {
      const own = await findStateBucket(bucket);
      return own && storeOf(own);
    },
    looseStateSettings: () => looseStateSettings(bucket),
    zones: once(() => usableZones(clients.ec2)),
    vpcs: once(() => allVpcs(clients.ec2)),
    close: () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

/** Whoever asks first lets it be read, and all others get the same answer, or the same error. */
function once<T>(read: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= read();
    return answer;
  };
}
