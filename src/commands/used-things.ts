import type { StackConfig, WorkerConfig } from '../config/schema.ts';
import { ecrRepositoryOf, parseImageReference } from '../image/reference.ts';

/** ARNs of what a stack uses and others own, as `policy --uses` takes them. Pure. */
export function usedBy({ accountId, region, partition, temporal, network, workers }: StackConfig): string[] {
  const vpc = 'vpcId' in network ? [`arn:${partition}:ec2:${region}:${accountId}:vpc/${network.vpcId}`] : [];
  const secrets = [temporal.secret, ...workers.flatMap(({ secrets = {} }) => Object.values(secrets))];
  const policies = workers.flatMap(({ taskPolicyArns = [] }) => taskPolicyArns);
  const repositories = workers.flatMap((worker) => repositoryArn(worker, partition));
  return [
    ...new Set([...vpc, ...secrets.flatMap((secret) => (secret ? [secret.arn] : [])), ...policies, ...repositories]),
  ];
}

/** Of an image in ECR, of whichever account: who looks it up needs to be allowed to by both. */
function repositoryArn({ image }: WorkerConfig, partition: string): string[] {
  const reference = image === undefined ? undefined : parseImageReference(image);
  const repository = reference && ecrRepositoryOf(reference);
  if (!repository) return [];
  const { accountId, region, name } = repository;
  return [`arn:${partition}:ecr:${region}:${accountId}:repository/${name}`];
}
