import {
  DescribeScalableTargetsCommand,
  DescribeScalingActivitiesCommand,
  DescribeScalingPoliciesCommand,
  type ScalingActivity,
} from '@aws-sdk/client-application-auto-scaling';
import type { Aws } from './aws.ts';

export interface ScalingReport {
  readonly min: number;
  readonly max: number;
  /** Somebody has told auto scaling to leave the service alone, in whole or in part. */
  readonly suspended: boolean;
  readonly policies: readonly PolicyReport[];
  /** The newest change of the desired count. */
  readonly lastActivity: ActivityReport | null;
}

export interface PolicyReport {
  readonly name: string;
  /** Tasks that a step of it adds; negative: takes away. */
  readonly adds: number;
  readonly alarm: string;
  /** `OK`, `ALARM`, `INSUFFICIENT_DATA`; empty when the policy has no alarm. */
  readonly state: string;
  readonly stateSince: Date | undefined;
  readonly cooldownSeconds: number;
}

export interface ActivityReport {
  readonly at: Date;
  readonly status: string;
  /** "Setting desired count to 2." */
  readonly description: string;
  /** "monitor alarm ... in state ALARM triggered policy cpu-scale-out" */
  readonly cause: string;
}

/** How a service scales and what its alarms say; `undefined` when nothing scales it. */
export async function reportScaling(aws: Aws, cluster: string, service: string): Promise<ScalingReport | undefined> {
  const { autoscaling } = aws.clients;
  const ResourceId = `service/${cluster}/${service}`;
  const which = { ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount' } as const;
  const [targets, policies, activities] = await Promise.all([
    autoscaling.send(new DescribeScalableTargetsCommand({ ...which, ResourceIds: [ResourceId] })),
    autoscaling.send(new DescribeScalingPoliciesCommand({ ...which, ResourceId })),
    autoscaling.send(new DescribeScalingActivitiesCommand({ ...which, ResourceId, MaxResults: 1 })),
  ]);
  const [target] = targets.ScalableTargets ?? [];
  if (!target) return undefined;
  const reports = (policies.ScalingPolicies ?? []).map(
    async ({ PolicyName, Alarms, StepScalingPolicyConfiguration: steps }): Promise<PolicyReport> => {
      const name = Alarms?.[0]?.AlarmName;
      const alarm = name === undefined ? undefined : await aws.alarmNamed(name);
      return {
        name: PolicyName ?? '',
        adds: steps?.StepAdjustments?.[0]?.ScalingAdjustment ?? 0,
        alarm: name ?? '',
        state: alarm?.StateValue ?? '',
        stateSince: alarm?.StateTransitionedTimestamp ?? alarm?.StateUpdatedTimestamp,
        cooldownSeconds: steps?.Cooldown ?? 0,
      };
    },
  );
  const { DynamicScalingInSuspended, DynamicScalingOutSuspended } = target.SuspendedState ?? {};
  const [latest] = activities.ScalingActivities ?? [];
  return {
    min: target.MinCapacity ?? 0,
    max: target.MaxCapacity ?? 0,
    suspended: DynamicScalingInSuspended === true || DynamicScalingOutSuspended === true,
    policies: await Promise.all(reports),
    lastActivity: latest ? activityOf(latest) : null,
  };
}

const activityOf = ({ StartTime, EndTime, StatusCode, Description, Cause }: ScalingActivity): ActivityReport => ({
  at: EndTime ?? StartTime ?? new Date(0),
  status: StatusCode ?? '',
  description: Description ?? '',
  cause: Cause ?? '',
});
