import {
  DeregisterTaskDefinitionCommand,
  DescribeTaskDefinitionCommand,
  ListTaskDefinitionsCommand,
} from '@aws-sdk/client-ecs';
import type { Aws } from '../../aws/aws.ts';
import { ifThere, orUndefined } from '../../aws/errors.ts';
import { pagesOf } from '../../aws/paging.ts';
import { fromLowerTags } from '../../aws/tags.ts';
import type { Tags } from '../../engine/ownership.ts';

/** A revision of a task definition. */
export interface Revision {
  readonly arn: string;
  /** Whether tasks can be started from it. A deregistered one is described for ever. */
  readonly isActive: boolean;
  readonly tags: Tags;
  /** What its container runs: "<repository>@sha256:…" */
  readonly image: string;
}

/** ARNs of a family's revisions, newest first, whoever registered them. */
export async function listRevisions(aws: Aws, family: string, status: 'ACTIVE' | 'INACTIVE'): Promise<string[]> {
  const arns: string[] = [];
  const query = { familyPrefix: family, status, sort: 'DESC' } as const;
  for await (const { taskDefinitionArns = [] } of pagesOf((nextToken) =>
    aws.clients.ecs.send(new ListTaskDefinitionsCommand({ ...query, nextToken })),
  ))
    arns.push(...taskDefinitionArns);
  return arns;
}

/** @param id an ARN, "family:revision", or a family for its newest active revision */
export async function findRevision(aws: Aws, id: string): Promise<Revision | undefined> {
  const answer = await orUndefined(
    aws.clients.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: id, include: ['TAGS'] })),
  );
  const found = answer?.taskDefinition;
  if (found?.taskDefinitionArn === undefined) return undefined;
  return {
    arn: found.taskDefinitionArn,
    isActive: found.status === 'ACTIVE',
    tags: fromLowerTags(answer?.tags),
    image: found.containerDefinitions?.[0]?.image ?? '',
  };
}

/** No more tasks start from it; those that run go on. */
export const deregister = (aws: Aws, taskDefinition: string): Promise<void> =>
  ifThere(aws.clients.ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition })));

/** "arn:…:task-definition/family:12" -> 12 */
export const revisionNumber = (arn: string): number => Number(arn.split(':').at(-1));

/** "<repository>@sha256:…" -> "sha256:…"; `undefined` for an image that is named by a tag. */
export const digestOf = (image: string): string | undefined => image.split('@')[1];
