import {
  DeregisterScalableTargetCommand,
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
  ListTagsForResourceCommand,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
  type ScalingPolicy,
  type StepAdjustment,
} from '@aws-sdk/client-application-auto-scaling';
import type { Aws } from '../../aws/aws.ts';
import { ifThere, orUndefined } from '../../aws/errors.ts';
import { retagTarget } from '../../aws/retag.ts';
import type { WorkerConfig } from '../../config/schema.ts';
import type { Tags } from '../../engine/ownership.ts';
import { clusterName } from '../compute/cluster.ts';
import type { ServiceStep } from '../compute/service.ts';
import { ensureServiceLinkedRole } from '../compute/service-linked-role.ts';
import { canonical, changesOf, defineStep, must, QUICK } from '../define.ts';
import { free } from '../monthly-cost.ts';

const TARGET = { ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount' } as const;

const OUT = 'cpu-scale-out';
const IN = 'cpu-scale-in';

/** One task more or less, judged by the mean of all tasks. */
const HOW = { AdjustmentType: 'ChangeInCapacity', MetricAggregationType: 'Average' } as const;

interface PolicyFacts {
  readonly adjustment: string;
  readonly aggregation: string;
  readonly cooldownSeconds: number;
  /** Bounds in percentage points from the alarm's threshold; lower inclusive, upper exclusive. */
  readonly steps: readonly StepAdjustment[];
}

interface LiveTarget {
  readonly id: string;
  readonly tags: Tags;
  readonly arn: string;
  readonly min: number;
  readonly max: number;
  readonly scaleOut?: PolicyFacts | undefined;
  readonly scaleIn?: PolicyFacts | undefined;
  readonly scaleOutArn: string;
  readonly scaleInArn: string;
}

/** The service as something to scale, with its two step policies. Policies carry no tags: they are fields of it. */
export const scalableTarget = (worker: WorkerConfig, needs: { service: ServiceStep }) =>
  defineStep({
    id: `scaling/target/${worker.name}`,
    title: `scalable target (${worker.name})`,
    needs,
    replacedWith: ['service'],
    repeatable: 'name',
    timeouts: QUICK,
    monthlyCost: free,
    want: ({ stack }) => {
      const { scaling } = worker;
      return {
        resourceId: resourceId(stack, worker.name),
        min: scaling.min,
        max: scaling.max,
        scaleOut: {
          adjustment: HOW.AdjustmentType,
          aggregation: HOW.MetricAggregationType,
          cooldownSeconds: scaling.scaleOutCooldownSeconds,
          steps: [
            { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: scaling.fastScaleOutAbove, ScalingAdjustment: 1 },
            { MetricIntervalLowerBound: scaling.fastScaleOutAbove, ScalingAdjustment: 2 },
          ],
        } as PolicyFacts,
        scaleIn: {
          adjustment: HOW.AdjustmentType,
          aggregation: HOW.MetricAggregationType,
          cooldownSeconds: scaling.scaleInCooldownSeconds,
          steps: [{ MetricIntervalUpperBound: 0, ScalingAdjustment: -1 }],
        } as PolicyFacts,
      };
    },
    findById: find,
    findOwned: async (aws, { stack }) =>
      [await find(aws, resourceId(stack, worker.name))].flatMap((found) => found ?? []),
    async load(aws, live): Promise<LiveTarget> {
      const { ScalingPolicies } = await aws.clients.autoscaling.send(
        new DescribeScalingPoliciesCommand({ ...TARGET, ResourceId: live.id }),
      );
      const named = (name: string) => ScalingPolicies?.find(({ PolicyName }) => PolicyName === name);
      return {
        ...live,
        scaleOut: policyFacts(named(OUT)),
        scaleIn: policyFacts(named(IN)),
        scaleOutArn: named(OUT)?.PolicyARN ?? '',
        scaleInArn: named(IN)?.PolicyARN ?? '',
      };
    },
    diff: (want, live) =>
      changesOf(want, live, { min: 'update', max: 'update', scaleOut: 'update', scaleIn: 'update' }),
    async create(aws, want, { tags }): Promise<LiveTarget> {
      await ensureServiceLinkedRole(aws, 'ecs.application-autoscaling.amazonaws.com');
      const { ScalableTargetARN: arn = '' } = await aws.clients.autoscaling.send(
        new RegisterScalableTargetCommand({
          ...TARGET,
          ResourceId: want.resourceId,
          MinCapacity: want.min,
          MaxCapacity: want.max,
          Tags: { ...tags },
        }),
      );
      return { id: want.resourceId, tags, arn, min: want.min, max: want.max, scaleOutArn: '', scaleInArn: '' };
    },
    async update(aws, live, want) {
      if (live.min !== want.min || live.max !== want.max) {
        // Without tags: AWS refuses them for a target that exists.
        await aws.clients.autoscaling.send(
          new RegisterScalableTargetCommand({
            ...TARGET,
            ResourceId: live.id,
            MinCapacity: want.min,
            MaxCapacity: want.max,
          }),
        );
      }
      if (canonical(live.scaleOut) !== canonical(want.scaleOut)) await putPolicy(aws, live.id, OUT, want.scaleOut);
      if (canonical(live.scaleIn) !== canonical(want.scaleIn)) await putPolicy(aws, live.id, IN, want.scaleIn);
      return undefined;
    },
    retag: (aws, { arn }, change) => retagTarget(aws, arn, change),
    /** Takes its policies along. */
    destroy: (aws, live) =>
      ifThere(aws.clients.autoscaling.send(new DeregisterScalableTargetCommand({ ...TARGET, ResourceId: live.id }))),
  });

export type ScalableTargetStep = ReturnType<typeof scalableTarget>;

const resourceId = (stack: string, worker: string): string => `service/${clusterName(stack)}/${worker}`;

async function putPolicy(aws: Aws, ResourceId: string, PolicyName: string, facts: PolicyFacts): Promise<void> {
  await aws.clients.autoscaling.send(
    new PutScalingPolicyCommand({
      ...TARGET,
      ResourceId,
      PolicyName,
      PolicyType: 'StepScaling',
      StepScalingPolicyConfiguration: {
        ...HOW,
        Cooldown: facts.cooldownSeconds,
        StepAdjustments: [...facts.steps],
      },
    }),
  );
}

function policyFacts(policy: ScalingPolicy | undefined): PolicyFacts | undefined {
  const configuration = policy?.StepScalingPolicyConfiguration;
  if (!configuration) return undefined;
  const steps = (configuration.StepAdjustments ?? []).map(
    ({ MetricIntervalLowerBound, MetricIntervalUpperBound, ScalingAdjustment }) => ({
      ...(MetricIntervalLowerBound === undefined ? {} : { MetricIntervalLowerBound }),
      ...(MetricIntervalUpperBound === undefined ? {} : { MetricIntervalUpperBound }),
      ScalingAdjustment,
    }),
  );
  return {
    adjustment: configuration.AdjustmentType ?? '',
    aggregation: configuration.MetricAggregationType ?? HOW.MetricAggregationType,
    cooldownSeconds: configuration.Cooldown ?? 0,
    steps,
  };
}

async function find(aws: Aws, id: string): Promise<LiveTarget | undefined> {
  const { ScalableTargets } = await aws.clients.autoscaling.send(
    new DescribeScalableTargetsCommand({ ...TARGET, ResourceIds: [id] }),
  );
  const [found] = ScalableTargets ?? [];
  if (!found) return undefined;
  const arn = must(found.ScalableTargetARN, 'the ARN of a scalable target');
  const tags = await orUndefined(tagsOf(aws, arn));
  if (!tags) return undefined;
  return { id, tags, arn, min: found.MinCapacity ?? 0, max: found.MaxCapacity ?? 0, scaleOutArn: '', scaleInArn: '' };
}

const tagsOf = (aws: Aws, arn: string): Promise<Tags> =>
  aws.tagsOf(
    arn,
    async () => (await aws.clients.autoscaling.send(new ListTagsForResourceCommand({ ResourceARN: arn }))).Tags ?? {},
  );
