import {
  CreateLogGroupCommand,
  DeleteLogGroupCommand,
  DescribeLogGroupsCommand,
  ListTagsForResourceCommand,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import type { Aws } from '../../aws/aws.ts';
import { ifThere, orUndefined } from '../../aws/errors.ts';
import { retagLogGroup } from '../../aws/retag.ts';
import type { Tags } from '../../engine/ownership.ts';
import { withChanges } from '../../engine/step.ts';
import { changesOf, defineStep, QUICK } from '../define.ts';
import { ASSUMED, eachTask, type Use } from '../monthly-cost.ts';
import { ANYTHING, arnIn, may, type Scope } from '../permission.ts';
import { taskRange } from './task-range.ts';

interface LiveLogGroup {
  readonly id: string;
  readonly tags: Tags;
  /** Without the `:*` that policies add. */
  readonly arn: string;
  readonly retentionDays?: number | undefined;
}

/** Taking logs in is what costs; a week of keeping them comes to less than 2 % of that. */
const LOGS: Pick<Use, 'what' | 'unit' | 'parts'> = {
  what: 'logs',
  unit: 'GB',
  parts: [{ amount: 1, of: 'GB', price: 'logs-ingested-gb' }],
};

export const logGroup = () =>
  defineStep({
    id: 'compute/log-group',
    title: 'log group',
    needs: {},
    repeatable: 'name',
    timeouts: QUICK,
    monthlyCost: ({ workers }) => workers.map((worker) => eachTask(LOGS, ASSUMED.logs, taskRange(worker))),
    actions: {
      find: [may(ANYTHING, 'logs:DescribeLogGroups'), may(LOG_GROUP, 'logs:ListTagsForResource')],
      create: [may(LOG_GROUP, 'logs:CreateLogGroup', 'logs:TagResource')],
      update: [may(LOG_GROUP, 'logs:PutRetentionPolicy')],
      retag: [may(LOG_GROUP, 'logs:TagResource', 'logs:UntagResource')],
      destroy: [may(LOG_GROUP, 'logs:DeleteLogGroup')],
      permanent: true,
    },
    want: (config) => ({ name: logGroupName(config.stack), retentionDays: config.logRetentionDays as number }),
    findById: find,
    findOwned: async (aws, { stack }) => [await find(aws, logGroupName(stack))].flatMap((found) => found ?? []),
    diff: (want, live) => changesOf(want, live, { retentionDays: 'update' }),
    async create(aws, want, { tags }): Promise<LiveLogGroup> {
      await aws.clients.logs.send(new CreateLogGroupCommand({ logGroupName: want.name, tags: { ...tags } }));
      return { id: want.name, tags, arn: arnOf(aws, want.name) };
    },
    async update(aws, live, want, changes) {
      await aws.clients.logs.send(
        new PutRetentionPolicyCommand({ logGroupName: live.id, retentionInDays: want.retentionDays }),
      );
      return withChanges(live, changes);
    },
    retag: (aws, { arn }, change) => retagLogGroup(aws, arn, change),
    destroy: (aws, live) => ifThere(aws.clients.logs.send(new DeleteLogGroupCommand({ logGroupName: live.id }))),
  });

export type LogGroupStep = ReturnType<typeof logGroup>;

export const logGroupName = (stack: string): string => `/temporal-fargate/${stack}`;

/** CloudWatch Logs names a group now with and now without `:*`, which stands for its streams. */
export const LOG_GROUP: Scope = {
  sid: 'Logs',
  resources: (place) => {
    const arn = arnIn(place, 'logs', `log-group:${logGroupName(place.stack)}`);
    return [arn, `${arn}:*`];
  },
};

const arnOf = (aws: Aws, name: string): string => aws.arn('logs', `log-group:${name}`);

async function find(aws: Aws, name: string): Promise<LiveLogGroup | undefined> {
  // The API searches by prefix: "/temporal-fargate/dev" also finds "/temporal-fargate/dev2".
  const { logGroups } = await aws.clients.logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: name }));
  const found = logGroups?.find(({ logGroupName: exact }) => exact === name);
  if (!found) return undefined;
  const arn = arnOf(aws, name);
  const tags = await orUndefined(
    aws.tagsOf(
      arn,
      async () => (await aws.clients.logs.send(new ListTagsForResourceCommand({ resourceArn: arn }))).tags ?? {},
    ),
  );
  return tags && { id: name, tags, arn, retentionDays: found.retentionInDays };
}
