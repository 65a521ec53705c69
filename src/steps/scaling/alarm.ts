import {
  DeleteAlarmsCommand,
  ListTagsForResourceCommand,
  type MetricAlarm,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
} from '@aws-sdk/client-cloudwatch';
import type { Aws } from '../../aws/aws.ts';
import { ifThere, orUndefined } from '../../aws/errors.ts';
import { retagAlarm } from '../../aws/retag.ts';
import { fromUpperTags, upperTags } from '../../aws/tags.ts';
import type { WorkerConfig } from '../../config/schema.ts';
import type { Tags } from '../../engine/ownership.ts';
import { clusterName } from '../compute/cluster.ts';
import { changesOf, defineStep, must, QUICK } from '../define.ts';
import { always } from '../monthly-cost.ts';
import { ANYTHING, arnIn, may, type Scope } from '../permission.ts';
import type { ScalableTargetStep } from './scalable-target.ts';

/** ECS publishes the service's CPU once a minute. */
const PERIOD_SECONDS = 60;

/**
 * Sets a scaling policy off. The low alarm is in ALARM for as long as the service idles at its smallest size: that is
 * normal.
 */
export const alarm = (kind: 'high' | 'low', worker: WorkerConfig, needs: { target: ScalableTargetStep }) =>
  defineStep({
    id: `scaling/alarm/${worker.name}-cpu-${kind}`,
    title: `alarm (${worker.name} CPU ${kind})`,
    needs,
    repeatable: 'name',
    timeouts: QUICK,
    monthlyCost: () => [always('alarm', 1, '', 'alarm-month')],
    actions: {
      find: [may(ANYTHING, 'cloudwatch:DescribeAlarms'), may(ALARMS, 'cloudwatch:ListTagsForResource')],
      create: [may(ALARMS, 'cloudwatch:PutMetricAlarm', 'cloudwatch:TagResource')],
      update: [may(ALARMS, 'cloudwatch:PutMetricAlarm')],
      retag: [may(ALARMS, 'cloudwatch:TagResource', 'cloudwatch:UntagResource')],
      destroy: [may(ALARMS, 'cloudwatch:DeleteAlarms')],
    },
    want: ({ stack }, from) => {
      const { scaling } = worker;
      const high = kind === 'high';
      return {
        name: alarmName(stack, worker.name, kind),
        comparison: high ? 'GreaterThanOrEqualToThreshold' : 'LessThanOrEqualToThreshold',
        threshold: high ? scaling.scaleOutAt : scaling.scaleInAt,
        minutes: high ? scaling.scaleOutMinutes : scaling.scaleInMinutes,
        datapoints: high ? scaling.scaleOutMinutes : scaling.scaleInMinutes,
        period: PERIOD_SECONDS,
        metric: 'AWS/ECS CPUUtilization Average',
        dimensions: { ClusterName: clusterName(stack), ServiceName: worker.name },
        // A service without tasks has no CPU: that is no reason to add or to remove any.
        missingData: 'missing',
        // A policy that was deleted took itself out of the alarm; the one to be made has an ARN that no plan knows.
        action: (high ? from.target.scaleOutArn : from.target.scaleInArn) || 'its policy, once that is made again',
      };
    },
    findById: find,
    findOwned: async (aws, { stack }) =>
      [await find(aws, alarmName(stack, worker.name, kind))].flatMap((found) => found ?? []),
    diff: (want, live) =>
      changesOf(want, live, {
        comparison: 'update',
        threshold: 'update',
        minutes: 'update',
        datapoints: 'update',
        period: 'update',
        metric: 'update',
        dimensions: 'update',
        missingData: 'update',
        action: 'update',
      }),
    async create(aws, want, { tags }) {
      await aws.clients.cloudwatch.send(new PutMetricAlarmCommand({ ...input(want), Tags: upperTags(tags) }));
      const { name, ...facts } = want;
      return { id: name, tags, ...facts };
    },
    async update(aws, _live, want) {
      // Replaces everything but the tags.
      await aws.clients.cloudwatch.send(new PutMetricAlarmCommand(input(want)));
      return undefined;
    },
    retag: (aws, { id }, change) => retagAlarm(aws, aws.arn('cloudwatch', `alarm:${id}`), change),
    destroy: async (aws, live) => {
      await ifThere(aws.clients.cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: [live.id] })));
    },
  });

/** An underscore, which no stack or worker has in its name: a-b of c and a of b-c stay apart. */
export const alarmName = (stack: string, worker: string, kind: string): string =>
  `temporal-fargate-${stack}_${worker}-cpu-${kind}`;

const ALARMS: Scope = {
  sid: 'Alarms',
  resources: (place) => [arnIn(place, 'cloudwatch', `alarm:${alarmName(place.stack, '*', '*')}`)],
};

interface AlarmFacts {
  readonly comparison: string;
  readonly threshold: number;
  readonly minutes: number;
  /** How many of the minutes have to be past the threshold: all of them. */
  readonly datapoints: number;
  readonly period: number;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly missingData: string;
  readonly action: string;
}

function input(want: AlarmFacts & { readonly name: string }): PutMetricAlarmCommandInput {
  return {
    AlarmName: want.name,
    AlarmDescription: 'Scales the Temporal workers; made by temporal-fargate',
    Namespace: 'AWS/ECS',
    MetricName: 'CPUUtilization',
    Statistic: 'Average',
    Dimensions: Object.entries(want.dimensions).map(([Name, Value]) => ({ Name, Value })),
    Period: want.period,
    EvaluationPeriods: want.minutes,
    DatapointsToAlarm: want.datapoints,
    Threshold: want.threshold,
    ComparisonOperator:
      want.comparison === 'GreaterThanOrEqualToThreshold'
        ? 'GreaterThanOrEqualToThreshold'
        : 'LessThanOrEqualToThreshold',
    TreatMissingData: want.missingData,
    AlarmActions: [want.action],
  };
}

async function find(aws: Aws, name: string) {
  const found = await aws.alarmNamed(name);
  if (!found) return undefined;
  const tags = await orUndefined(tagsOf(aws, must(found.AlarmArn, 'an alarm ARN')));
  return tags && toLive(found, tags);
}

const tagsOf = (aws: Aws, arn: string): Promise<Tags> =>
  aws.tagsOf(arn, async () =>
    fromUpperTags((await aws.clients.cloudwatch.send(new ListTagsForResourceCommand({ ResourceARN: arn }))).Tags),
  );

function toLive(found: MetricAlarm, tags: Tags): { id: string; tags: Tags } & AlarmFacts {
  return {
    id: must(found.AlarmName, 'an alarm name'),
    tags,
    comparison: found.ComparisonOperator ?? '',
    threshold: found.Threshold ?? Number.NaN,
    minutes: found.EvaluationPeriods ?? 0,
    datapoints: found.DatapointsToAlarm ?? found.EvaluationPeriods ?? 0,
    period: found.Period ?? 0,
    metric: `${found.Namespace} ${found.MetricName} ${found.Statistic}`,
    dimensions: Object.fromEntries((found.Dimensions ?? []).map(({ Name, Value }) => [Name ?? '', Value ?? ''])),
    missingData: found.TreatMissingData ?? '',
    action: found.AlarmActions?.join(', ') ?? '',
  };
}
