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
import { withChanges } from '../../engine/step.ts';
import { CLUSTER, clusterName } from '../compute/cluster.ts';
import { findService } from '../compute/live-service.ts';
import type { ServiceStep } from '../compute/service.ts';
import { ensureServiceLinkedRole, mayMakeServiceLinkedRole } from '../compute/service-linked-role.ts';
import { canonical, changesOf, defineStep, must, QUICK } from '../define.ts';
import { free } from '../monthly-cost.ts';
import { ANYTHING, may } from '../permission.ts';
import { mayRegister, NEW_TARGETS, OWN_TARGETS, TAGS_OF_TARGETS } from './permissions.ts';
import { type Suspension, setDesired, suspendedState, suspensionOf } from './suspension.ts';

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
  readonly suspended: Suspension;
  /** How many tasks the service is to have; only looked at where all scaling is suspended. */
  readonly desired?: number | undefined;
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
    actions: {
      find: [
        may(ANYTHING, 'application-autoscaling:DescribeScalableTargets'),
        may(OWN_TARGETS, 'application-autoscaling:ListTagsForResource'),
      ],
      load: [may(ANYTHING, 'application-autoscaling:DescribeScalingPolicies'), may(CLUSTER, 'ecs:DescribeServices')],
      create: [
        ...mayMakeServiceLinkedRole('ecs.application-autoscaling.amazonaws.com'),
        may(NEW_TARGETS, 'application-autoscaling:RegisterScalableTarget', 'application-autoscaling:TagResource'),
        may(CLUSTER, 'ecs:DescribeServices', 'ecs:UpdateService'),
      ],
      update: [may(OWN_TARGETS, 'application-autoscaling:PutScalingPolicy'), ...mayRegister],
      retag: [may(TAGS_OF_TARGETS, 'application-autoscaling:TagResource', 'application-autoscaling:UntagResource')],
      destroy: [may(OWN_TARGETS, 'application-autoscaling:DeregisterScalableTarget')],
    },
    want: ({ stack }) => {
      const { scaling } = worker;
      return {
        resourceId: resourceId(stack, worker.name),
        min: worker.paused ? 0 : scaling.min,
        max: scaling.max,
        suspended: (worker.paused ? 'all' : 'none') as Suspension,
        desired: worker.paused ? 0 : undefined,
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
        desired: live.suspended === 'all' ? (await findService(aws, worker.name))?.desired : undefined,
        scaleOut: policyFacts(named(OUT)),
        scaleIn: policyFacts(named(IN)),
        scaleOutArn: named(OUT)?.PolicyARN ?? '',
        scaleInArn: named(IN)?.PolicyARN ?? '',
      };
    },
    diff: (want, live) =>
      changesOf(want, live, {
        min: 'update',
        max: 'update',
        suspended: 'update',
        scaleOut: 'update',
        scaleIn: 'update',
        // Auto scaling's own, unless it is told to leave it alone.
        ...(want.suspended === 'all' && live.suspended === 'all' && { desired: 'update' }),
      }),
    async create(aws, want, { tags }): Promise<LiveTarget> {
      await ensureServiceLinkedRole(aws, 'ecs.application-autoscaling.amazonaws.com');
      const { ScalableTargetARN: arn = '' } = await aws.clients.autoscaling.send(
        new RegisterScalableTargetCommand({
          ...TARGET,
          ResourceId: want.resourceId,
          MinCapacity: want.min,
          MaxCapacity: want.max,
          SuspendedState: suspendedState(want.suspended),
          Tags: { ...tags },
        }),
      );
      const { resourceId: id, min, max, suspended } = want;
      return { id, tags, arn, min, max, suspended, scaleOutArn: '', scaleInArn: '' };
    },
    async update(aws, live, want, changes) {
      if (live.min !== want.min || live.max !== want.max || live.suspended !== want.suspended) {
        // Without tags: AWS refuses them for a target that exists.
        await aws.clients.autoscaling.send(
          new RegisterScalableTargetCommand({
            ...TARGET,
            ResourceId: live.id,
            MinCapacity: want.min,
            MaxCapacity: want.max,
            SuspendedState: suspendedState(want.suspended),
          }),
        );
      }
      let { scaleOutArn, scaleInArn } = live;
      if (canonical(live.scaleOut) !== canonical(want.scaleOut))
        scaleOutArn = await putPolicy(aws, live.id, OUT, want.scaleOut);
      if (canonical(live.scaleIn) !== canonical(want.scaleIn))
        scaleInArn = await putPolicy(aws, live.id, IN, want.scaleIn);
      // Last: a target that still scales could start tasks again. Back up it goes by itself, into the target's bounds.
      if (want.desired !== undefined && live.desired !== want.desired) await setDesired(aws, worker.name, want.desired);
      return { ...withChanges(live, changes), scaleOutArn, scaleInArn };
    },
    retag: (aws, { arn }, change) => retagTarget(aws, arn, change),
    /** Takes its policies along. */
    destroy: (aws, live) =>
      ifThere(aws.clients.autoscaling.send(new DeregisterScalableTargetCommand({ ...TARGET, ResourceId: live.id }))),
  });

export type ScalableTargetStep = ReturnType<typeof scalableTarget>;

const resourceId = (stack: string, worker: string): string => `service/${clusterName(stack)}/${worker}`;

/** @returns the policy's ARN */
async function putPolicy(aws: Aws, ResourceId: string, PolicyName: string, facts: PolicyFacts): Promise<string> {
  const { PolicyARN } = await aws.clients.autoscaling.send(
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
  return must(PolicyARN, 'the ARN of a scaling policy');
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
  return {
    id,
    tags,
    arn,
    min: found.MinCapacity ?? 0,
    max: found.MaxCapacity ?? 0,
    suspended: suspensionOf(found.SuspendedState),
    scaleOutArn: '',
    scaleInArn: '',
  };
}

const tagsOf = (aws: Aws, arn: string): Promise<Tags> =>
  aws.tagsOf(
    arn,
    async () => (await aws.clients.autoscaling.send(new ListTagsForResourceCommand({ ResourceARN: arn }))).Tags ?? {},
  );
