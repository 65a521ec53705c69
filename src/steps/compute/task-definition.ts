import {
  type ContainerDefinition,
  DeleteTaskDefinitionsCommand,
  DescribeTaskDefinitionCommand,
  RegisterTaskDefinitionCommand,
  type RegisterTaskDefinitionCommandInput,
  type Secret,
} from '@aws-sdk/client-ecs';
import type { Aws } from '../../aws/aws.ts';
import { orUndefined } from '../../aws/errors.ts';
import { batchesOf } from '../../aws/paging.ts';
import { retagEcs } from '../../aws/retag.ts';
import { fromLowerTags, lowerTags } from '../../aws/tags.ts';
import type { WorkerConfig } from '../../config/schema.ts';
import { TAG, type Tags } from '../../engine/ownership.ts';
import { repositoryOf } from '../../image/reference.ts';
import type { DataBucketStep } from '../data/data-bucket.ts';
import { canonical, changesOf, defineStep, must, QUICK } from '../define.ts';
import type { ExecutionRoleStep } from '../identity/execution-role.ts';
import { mayPassRoles } from '../identity/permissions.ts';
import type { TaskRoleStep } from '../identity/task-role.ts';
import type { RepositoryStep } from '../image/repository.ts';
import type { WorkerImageStep } from '../image/worker-image.ts';
import { free } from '../monthly-cost.ts';
import { ANYTHING, arnIn, may, type Permission, type Scope } from '../permission.ts';
import type { TemporalSecretStep } from '../secrets/temporal-secret.ts';
import { HEALTH_CHECK } from './health-check.ts';
import type { LogGroupStep } from './log-group.ts';
import { deregister, findRevision, listRevisions } from './revisions.ts';
import { digestOf, taskEnvironment } from './task-environment.ts';

type TaskDefinitionNeeds = {
  /** Both, or neither: the image is the user's. */
  repository?: RepositoryStep;
  image?: WorkerImageStep;
  executionRole: ExecutionRoleStep;
  logGroup: LogGroupStep;
  taskRole?: TaskRoleStep;
  dataBucket?: DataBucketStep;
  secret?: TemporalSecretStep;
};

/** A change registers a new revision; AWS never changes one. Earlier revisions stay for a rollback. */
export const taskDefinition = (worker: WorkerConfig, secretKeys: readonly string[], needs: TaskDefinitionNeeds) =>
  defineStep({
    id: `compute/task-definition/${worker.name}`,
    title: `task definition (${worker.name})`,
    needs,
    repeatable: 'name',
    timeouts: QUICK,
    monthlyCost: free,
    actions: {
      find: [may(ANYTHING, 'ecs:DescribeTaskDefinition')],
      create: REGISTER,
      update: REGISTER,
      retag: [may(DEFINITIONS, 'ecs:TagResource', 'ecs:UntagResource')],
      destroy: [
        may(ANYTHING, 'ecs:ListTaskDefinitions', 'ecs:DescribeTaskDefinition', 'ecs:DeregisterTaskDefinition'),
        may(DEFINITIONS, 'ecs:DeleteTaskDefinitions'),
      ],
    },
    want: (config, from) => {
      const input: Definition = {
        family: familyName(config.stack, worker.name),
        requiresCompatibilities: ['FARGATE'],
        networkMode: 'awsvpc',
        cpu: String(worker.cpu),
        memory: String(worker.memory),
        runtimePlatform: {
          cpuArchitecture: worker.architecture === 'arm64' ? 'ARM64' : 'X86_64',
          operatingSystemFamily: 'LINUX',
        },
        executionRoleArn: from.executionRole.arn,
        ...(from.taskRole && { taskRoleArn: from.taskRole.arn }),
        containerDefinitions: [
          {
            name: worker.name,
            image: `${from.repository?.uri ?? repositoryOf(worker.image ?? '')}@${digestOf(worker, from)}`,
            essential: true,
            stopTimeout: worker.stopTimeoutSeconds,
            user: '1000:1000',
            // Forwards signals and reaps children: Node as process 1 does neither by default.
            linuxParameters: { initProcessEnabled: true },
            ...taskEnvironment(config, worker, secretKeys, from),
            healthCheck: HEALTH_CHECK,
            logConfiguration: {
              logDriver: 'awslogs',
              options: {
                'awslogs-group': from.logGroup.id,
                'awslogs-region': config.region,
                'awslogs-stream-prefix': 'worker',
                mode: 'non-blocking',
                'max-buffer-size': '10m',
              },
            },
          },
        ],
      };
      return { input, ...facts(input) };
    },
    findById: find,
    findOwned: async (aws, { stack }) =>
      [await find(aws, familyName(stack, worker.name))].flatMap((found) => found ?? []),
    diff: (want, live) =>
      changesOf(want, live, {
        image: 'update',
        cpu: 'update',
        memory: 'update',
        architecture: 'update',
        executionRole: 'update',
        taskRole: 'update',
        environment: 'update',
        secrets: 'update',
        container: 'update',
      }),
    create: (aws, want, { tags }) => register(aws, want.input, tags),
    revises: () => true,
    async update(aws, _live, want, _changes, { tags }) {
      // An interrupted run may have registered it already: its revision is the newest of the family.
      const newest = await find(aws, want.input.family);
      if (
        newest &&
        newest.tags[TAG.stackId] === tags[TAG.stackId] &&
        canonical(factsOf(newest)) === canonical(facts(want.input))
      ) {
        return newest;
      }
      return register(aws, want.input, tags);
    },
    retag: (aws, { id }, change) => retagEcs(aws, id, change),
    async destroy(aws, live) {
      const { ecs } = aws.clients;
      const [active, inactive] = await Promise.all([
        revisionsOf(aws, live, 'ACTIVE'),
        revisionsOf(aws, live, 'INACTIVE'),
      ]);
      for (const arn of active) await deregister(aws, arn);
      // Deregistered revisions cost nothing, but they are ours to clean up; AWS takes ten at once.
      for (const taskDefinitions of batchesOf([...active, ...inactive], 10))
        await ecs.send(new DeleteTaskDefinitionsCommand({ taskDefinitions }));
    },
  });

export type TaskDefinitionStep = ReturnType<typeof taskDefinition>;

type Definition = RegisterTaskDefinitionCommandInput & { family: string };

/** An underscore, which no stack or worker has in its name: a-b of c and a of b-c stay apart. */
export const familyName = (stack: string, worker: string): string => `temporal-fargate-${stack}_${worker}`;

const DEFINITIONS: Scope = {
  sid: 'TaskDefinitions',
  resources: (place) => [arnIn(place, 'ecs', `task-definition/${familyName(place.stack, '*')}:*`)],
};

/** A definition names the roles of its tasks, and IAM asks whether its author may give them to ECS. */
const REGISTER: readonly Permission[] = [
  may(DEFINITIONS, 'ecs:RegisterTaskDefinition', 'ecs:TagResource'),
  ...mayPassRoles,
];

/** "arn:…:task-definition/family:12" -> "family" */
const familyOf = (arn: string): string => arn.replace(/^.*task-definition\//, '').replace(/:\d+$/, '');

/** What we set, in one shape for a definition that is to be registered and for one that AWS describes. */
function facts(definition: Partial<Definition>) {
  const container: Partial<ContainerDefinition> = definition.containerDefinitions?.[0] ?? {};
  return {
    image: container.image ?? '',
    cpu: definition.cpu ?? '',
    memory: definition.memory ?? '',
    architecture: definition.runtimePlatform?.cpuArchitecture ?? '',
    executionRole: definition.executionRoleArn ?? '',
    taskRole: definition.taskRoleArn ?? '',
    environment: byName(container.environment, ({ value }) => value),
    secrets: byName(container.secrets, (secret: Secret) => secret.valueFrom),
    container: {
      name: container.name,
      stopTimeout: container.stopTimeout,
      user: container.user,
      init: container.linuxParameters?.initProcessEnabled,
      labels: container.dockerLabels ?? {},
      healthCheck: container.healthCheck,
      log: container.logConfiguration?.options,
    },
  };
}

function byName<T extends { name?: string | undefined }>(list: readonly T[] | undefined, value: (entry: T) => unknown) {
  return Object.fromEntries((list ?? []).map((entry) => [entry.name ?? '', value(entry)]));
}

type LiveDefinition = { readonly id: string; readonly tags: Tags } & ReturnType<typeof facts>;

const factsOf = ({ id: _id, tags: _tags, ...rest }: LiveDefinition) => rest;

async function register(aws: Aws, input: Definition, tags: Tags): Promise<LiveDefinition> {
  const { taskDefinition: made } = await aws.clients.ecsOnce.send(
    new RegisterTaskDefinitionCommand({ ...input, tags: lowerTags(tags) }),
  );
  return { id: must(made?.taskDefinitionArn, 'a task definition ARN'), tags, ...facts(input) };
}

/** ARNs of the revisions of this family that are this stack's own; somebody else may have registered one as well. */
async function revisionsOf(aws: Aws, live: LiveDefinition, status: 'ACTIVE' | 'INACTIVE'): Promise<string[]> {
  const ours: string[] = [];
  for (const arn of await listRevisions(aws, familyOf(live.id), status)) {
    const tags = arn === live.id ? live.tags : (await findRevision(aws, arn))?.tags;
    if (tags?.[TAG.stackId] === live.tags[TAG.stackId]) ours.push(arn);
  }
  return ours;
}

/** @param id an ARN, or a family for its newest active revision */
async function find(aws: Aws, id: string): Promise<LiveDefinition | undefined> {
  const answer = await orUndefined(
    aws.clients.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: id, include: ['TAGS'] })),
  );
  const found = answer?.taskDefinition;
  // A deregistered revision is described for ever.
  if (found?.status !== 'ACTIVE') return undefined;
  return {
    id: must(found.taskDefinitionArn, 'a task definition ARN'),
    tags: fromLowerTags(answer?.tags),
    ...facts(found as Partial<Definition>),
  };
}
