import type { StackConfig } from '../config/schema.ts';

/** ARNs of what a stack uses and others own, as `policy --uses` takes them. */
export function usedBy({ accountId, region, partition, temporal, network, workers }: StackConfig): string[] {
  const vpc = 'vpcId' in network ? [`arn:${partition}:ec2:${region}:${accountId}:vpc/${network.vpcId}`] : [];
  const secrets = [temporal.secret, ...workers.flatMap(({ secrets = {} }) => Object.values(secrets))];
  const policies = workers.flatMap(({ taskPolicyArns = [] }) => taskPolicyArns);
  return [...new Set([...vpc, ...secrets.flatMap((secret) => (secret ? [secret.arn] : [])), ...policies])];
}
