import {
  DescribeScalableTargetsCommand,
  TagResourceCommand as TagTarget,
  UntagResourceCommand as UntagTarget,
} from '@aws-sdk/client-application-auto-scaling';
import { TagResourceCommand as TagAlarm, UntagResourceCommand as UntagAlarm } from '@aws-sdk/client-cloudwatch';
import { TagResourceCommand as TagLogs, UntagResourceCommand as UntagLogs } from '@aws-sdk/client-cloudwatch-logs';
import { CreateTagsCommand, DeleteTagsCommand } from '@aws-sdk/client-ec2';
import { TagResourceCommand as TagRepository, UntagResourceCommand as UntagRepository } from '@aws-sdk/client-ecr';
import { TagResourceCommand as TagEcs, UntagResourceCommand as UntagEcs } from '@aws-sdk/client-ecs';
import { TagRoleCommand, UntagRoleCommand } from '@aws-sdk/client-iam';
import { GetBucketTaggingCommand, PutBucketTaggingCommand } from '@aws-sdk/client-s3';
import { TagResourceCommand as TagSecret, UntagResourceCommand as UntagSecret } from '@aws-sdk/client-secrets-manager';
import type { AwsStack } from '../helpers/aws-stack.ts';
import type { Clients } from '../helpers/emulator.ts';
import { idOf, only } from './stage.ts';

type Tags = Record<string, string>;

export interface Tagger {
  put(tags: Tags): Promise<unknown>;
  remove(keys: string[]): Promise<unknown>;
}

const upper = (tags: Tags) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
const lower = (tags: Tags) => Object.entries(tags).map(([key, value]) => ({ key, value }));

/** Changes the tags of a step's thing by hand, in each service's own way. */
export function taggerOf(clients: Clients, stack: AwsStack, stepId: string): Tagger {
  const id = idOf(stack, stepId);
  const arn = (service: string, resource: string): string => stack.aws.arn(service, resource);
  const [, kind = ''] = stepId.split('/');
  const ecs = (resourceArn: string): Tagger => ({
    put: (tags) => clients.ecs.send(new TagEcs({ resourceArn, tags: lower(tags) })),
    remove: (tagKeys) => clients.ecs.send(new UntagEcs({ resourceArn, tagKeys })),
  });
  if (stepId.startsWith('network/')) {
    return {
      put: (tags) => clients.ec2.send(new CreateTagsCommand({ Resources: [id], Tags: upper(tags) })),
      remove: (keys) =>
        clients.ec2.send(new DeleteTagsCommand({ Resources: [id], Tags: keys.map((Key) => ({ Key })) })),
    };
  }
  switch (kind) {
    case 'repository':
      return {
        put: (tags) =>
          clients.ecr.send(new TagRepository({ resourceArn: arn('ecr', `repository/${id}`), tags: upper(tags) })),
        remove: (tagKeys) =>
          clients.ecr.send(new UntagRepository({ resourceArn: arn('ecr', `repository/${id}`), tagKeys })),
      };
    case 'temporal':
      return {
        put: (tags) => clients.secrets.send(new TagSecret({ SecretId: id, Tags: upper(tags) })),
        remove: (TagKeys) => clients.secrets.send(new UntagSecret({ SecretId: id, TagKeys })),
      };
    case 'execution-role':
    case 'task-role':
      return {
        put: (tags) => clients.iam.send(new TagRoleCommand({ RoleName: id, Tags: upper(tags) })),
        remove: (TagKeys) => clients.iam.send(new UntagRoleCommand({ RoleName: id, TagKeys })),
      };
    case 'log-group':
      return {
        put: (tags) => clients.logs.send(new TagLogs({ resourceArn: arn('logs', `log-group:${id}`), tags })),
        remove: (tagKeys) => clients.logs.send(new UntagLogs({ resourceArn: arn('logs', `log-group:${id}`), tagKeys })),
      };
    case 'cluster':
      return ecs(arn('ecs', `cluster/${id}`));
    case 'service':
      return ecs(arn('ecs', `service/temporal-fargate-dev/${id}`));
    case 'task-definition':
      return ecs(id);
    case 'target':
      return {
        put: async (Tags) =>
          clients.autoscaling.send(new TagTarget({ ResourceARN: await targetArn(clients, id), Tags })),
        remove: async (TagKeys) =>
          clients.autoscaling.send(new UntagTarget({ ResourceARN: await targetArn(clients, id), TagKeys })),
      };
    case 'alarm':
      return {
        put: (tags) =>
          clients.cloudwatch.send(new TagAlarm({ ResourceARN: arn('cloudwatch', `alarm:${id}`), Tags: upper(tags) })),
        remove: (TagKeys) =>
          clients.cloudwatch.send(new UntagAlarm({ ResourceARN: arn('cloudwatch', `alarm:${id}`), TagKeys })),
      };
    case 'bucket':
      return {
        put: async (tags) => putBucketTags(clients, id, { ...(await bucketTags(clients, id)), ...tags }),
        remove: async (keys) => {
          const left = Object.entries(await bucketTags(clients, id)).filter(([key]) => !keys.includes(key));
          return putBucketTags(clients, id, Object.fromEntries(left));
        },
      };
    default:
      throw new Error(`no tags of ${stepId} can be changed`);
  }
}

async function targetArn(clients: Clients, id: string): Promise<string | undefined> {
  const answer = await clients.autoscaling.send(
    new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs', ResourceIds: [id] }),
  );
  return only(answer.ScalableTargets).ScalableTargetARN;
}

async function bucketTags(clients: Clients, Bucket: string): Promise<Tags> {
  const { TagSet } = await clients.s3.send(new GetBucketTaggingCommand({ Bucket }));
  return Object.fromEntries((TagSet ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));
}

const putBucketTags = (clients: Clients, Bucket: string, tags: Tags) =>
  clients.s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: upper(tags) } }));
