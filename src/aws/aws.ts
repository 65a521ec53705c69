import { DescribeAlarmsCommand, type MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { DescribeNatGatewaysCommand, type NatGateway } from '@aws-sdk/client-ec2';
import { DescribeRepositoriesCommand, type Repository } from '@aws-sdk/client-ecr';
import { type Cluster, DescribeClustersCommand } from '@aws-sdk/client-ecs';
import { TAG, type Tags } from '../engine/ownership.ts';
import type { StoredImage } from '../image/oci.ts';
import { batched } from './batch.ts';
import type { Clients } from './clients.ts';
import { type Ec2Readers, ec2Readers } from './ec2-readers.ts';
import { orUndefined } from './errors.ts';
import { tagIndex } from './tags.ts';

/** An image that a worker is to run, built only when it has to be pushed. */
export interface WorkerImage {
  /** Hash of everything the image is made from; its tag in the repository. */
  readonly inputHash: string;
  build(): Promise<StoredImage>;
  /** Told of a push when it is done. @param bytes of the blobs that the repository lacked */
  pushed?(bytes: number): void;
}

/** By the worker's name; workers made from the same things have one in common. */
export type WorkerImages = ReadonlyMap<string, WorkerImage>;

export interface AwsInit {
  readonly clients: Clients;
  readonly accountId: string;
  readonly region: string;
  /** `aws`, `aws-cn`, `aws-us-gov`: part of every ARN. */
  readonly partition: string;
  readonly stack: string;
  /** What this run can push; a worker that is not in it keeps the image that it has. */
  readonly images?: WorkerImages | undefined;
}

/** What steps see of one account and region: SDK clients, batched reads, and the images that this run can push. */
export class Aws {
  readonly clients: Clients;
  readonly accountId: string;
  readonly region: string;
  readonly partition: string;
  readonly stack: string;
  readonly ec2: Ec2Readers;
  /** True in a view made by `survey`. */
  readonly surveying: boolean;
  /** Things by their names, or nothing where there is none; asked for together, answered by one call. */
  readonly alarmNamed: (name: string) => Promise<MetricAlarm | undefined>;
  readonly clusterNamed: (name: string) => Promise<Cluster | undefined>;
  readonly repositoryNamed: (name: string) => Promise<Repository | undefined>;
  private readonly init: AwsInit;
  private readonly underway = new Map<string, Promise<string>>();
  private natGateways: Promise<NatGateway[]> | undefined;
  private index: Promise<ReadonlyMap<string, Tags>> | undefined;

  constructor(init: AwsInit, surveying = false) {
    this.init = init;
    this.clients = init.clients;
    this.accountId = init.accountId;
    this.region = init.region;
    this.partition = init.partition;
    this.stack = init.stack;
    this.ec2 = ec2Readers(init.clients.ec2, init.stack);
    this.alarmNamed = batched(async (names) => {
      const { MetricAlarms } = await init.clients.cloudwatch.send(
        new DescribeAlarmsCommand({ AlarmNames: [...names], AlarmTypes: ['MetricAlarm'] }),
      );
      return new Map((MetricAlarms ?? []).map((alarm) => [alarm.AlarmName ?? '', alarm]));
    });
    this.clusterNamed = batched(async (names) => {
      const { clusters } = await init.clients.ecs.send(
        new DescribeClustersCommand({ clusters: [...names], include: ['TAGS'] }),
      );
      return new Map((clusters ?? []).map((cluster) => [cluster.clusterName ?? '', cluster]));
    });
    this.repositoryNamed = batched(async (repositoryNames) => {
      // ECR answers with none of them when it lacks one: a stack has a single one.
      const command = new DescribeRepositoriesCommand({ repositoryNames: [...repositoryNames] });
      const answer = await orUndefined(init.clients.ecr.send(command));
      return new Map((answer?.repositories ?? []).map((repository) => [repository.repositoryName ?? '', repository]));
    });
    this.surveying = surveying;
  }

  /** The image that this run can push for a worker. */
  imageOf(worker: string): WorkerImage | undefined {
    return this.init.images?.get(worker);
  }

  /** Work that several steps ask for at the same time is done once for all of them. */
  together(key: string, work: () => Promise<string>): Promise<string> {
    const running = this.underway.get(key) ?? work().finally(() => this.underway.delete(key));
    this.underway.set(key, running);
    return running;
  }

  /**
   * A view for one look at everything: tags that would need a call for each thing are read from one index. The index
   * lags a little, so nothing is changed or deleted on its word.
   */
  survey(): Aws {
    return new Aws(this.init, true);
  }

  /** Tags of the thing with this ARN: by `read`, or in a survey from the index where it knows the thing as ours. */
  async tagsOf(arn: string, read: () => Promise<Tags>): Promise<Tags> {
    return (this.surveying ? await this.indexedTags(arn) : undefined) ?? (await read());
  }

  /** Surveys only. `undefined` when the index does not know the thing as ours. */
  async indexedTags(arn: string): Promise<Tags | undefined> {
    const tags = (await this.indexOfStack()).get(arn);
    return tags?.[TAG.managed] === 'true' ? tags : undefined;
  }

  /** Surveys only: tags by ARN of all that carries the stack's name, as the index has it; no IAM role is in it. */
  indexOfStack(): Promise<ReadonlyMap<string, Tags>> {
    this.index ??= tagIndex(this.clients.tagging, this.stack);
    return this.index;
  }

  /** Surveys only: this stack's NAT gateways, read once for the two kinds of thing that ask. */
  natGatewaysOfStack(): Promise<NatGateway[]> {
    this.natGateways ??= this.clients.ec2
      .send(new DescribeNatGatewaysCommand({ Filter: [{ Name: `tag:${TAG.stack}`, Values: [this.stack] }] }))
      .then(({ NatGateways }) => NatGateways ?? []);
    return this.natGateways;
  }

  arn(service: string, resource: string, scope: { region?: string } = {}): string {
    return `arn:${this.partition}:${service}:${scope.region ?? this.region}:${this.accountId}:${resource}`;
  }
}
