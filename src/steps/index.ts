import type { StackConfig, WorkerConfig } from '../config/schema.ts';
import { cluster } from './compute/cluster.ts';
import { logGroup } from './compute/log-group.ts';
import { service } from './compute/service.ts';
import { taskDefinition } from './compute/task-definition.ts';
import { dataBucket } from './data/data-bucket.ts';
import { lifecycleRule } from './data/lifecycle-rule.ts';
import type { AwsStep } from './define.ts';
import { withExtraTags } from './extra-tags.ts';
import { executionRole } from './identity/execution-role.ts';
import { type GithubPolicies, githubRoles } from './identity/github-role.ts';
import type { FormerGrants } from './identity/role-policies.ts';
import { type TaskRoleStep, taskRoles } from './identity/task-role.ts';
import { type RepositoryStep, repository } from './image/repository.ts';
import { workerImage } from './image/worker-image.ts';
import { keyed } from './keyed.ts';
import { type NetworkLayout, networkLayout } from './network/layout.ts';
import { alarm } from './scaling/alarm.ts';
import { scalableTarget } from './scaling/scalable-target.ts';
import { temporalSecret } from './secrets/temporal-secret.ts';

/** What a run brings along that is no configuration. */
export interface Inputs {
  /** What the workers' images are to be made from; a worker that is not in it keeps what is deployed. */
  readonly images?: ReadonlyMap<string, { readonly inputHash: string }> | undefined;
  /** The Temporal credentials as JSON text; absent: whatever is stored stays. */
  readonly secretValue?: string | undefined;
  /** Keys of tags that earlier configs gave, and that may still be there. */
  readonly formerTags?: readonly string[];
  /** Permissions that earlier configs gave, and that the task role may still have. */
  readonly formerGrants?: FormerGrants;
  /** What the workflows of the repository may do; only known to runs that look at all of the stack. */
  readonly githubPolicies?: GithubPolicies | undefined;
}

/** The whole infrastructure of a stack, every AWS thing once. */
export function infrastructure(config: StackConfig, inputs: Inputs = {}): AwsStep[] {
  const network = networkLayout(config);

  const logs = logGroup();
  // Images of the user's are where they are.
  const images = config.workers.every(({ image }) => image !== undefined) ? undefined : repository();
  const data = config.dataBucket ? dataBucket() : undefined;
  const days = config.dataExpireDays;
  const secretKeys = secretKeysOf(config);
  const makesSecret = secretKeys.length > 0 && !config.temporal.secret;
  const secret = makesSecret ? temporalSecret(inputs.secretValue) : undefined;
  const maySecret = secret ? { secret } : {};
  const roles = taskRoles(config, data, inputs.formerGrants);
  const execution = executionRole({ ...(images && { repository: images }), logGroup: logs, ...maySecret });
  const ecs = cluster();

  const workers = config.workers.map((worker) => {
    const own = images && worker.image === undefined ? pushedImage(worker, images, inputs) : undefined;
    const definition = taskDefinition(worker, secretKeys, {
      ...own,
      executionRole: execution,
      logGroup: logs,
      ...(data && { dataBucket: data }),
      ...withRole(roles.get(worker.name)),
      ...maySecret,
    });
    return { image: own?.image, running: runningSteps(worker, network, { cluster: ecs, definition }) };
  });
  const steps = [
    ...network.all,
    logs,
    images,
    ...workers.map(({ image }) => image),
    data,
    data && days !== undefined ? lifecycleRule(days, { bucket: data }) : undefined,
    secret,
    execution,
    ...new Set(roles.values()),
    ...(config.github ? githubRoles(config.github, inputs.githubPolicies) : []),
    ecs,
    ...workers.flatMap(({ running }) => running),
  ];
  const tagged = (step: AwsStep): AwsStep => withExtraTags(step, config.tags ?? {}, inputs.formerTags ?? []);
  return steps.flatMap((step) => (step ? [tagged(step)] : []));
}

const withRole = (taskRole: TaskRoleStep | undefined) => (taskRole ? { taskRole } : {});

/** The image of a worker that this program builds, and where it is pushed to. */
const pushedImage = (worker: WorkerConfig, images: RepositoryStep, inputs: Inputs) => ({
  repository: images,
  image: workerImage(worker, inputs.images?.get(worker.name)?.inputHash, { repository: images }),
});

/** Names of the environment variables that tasks get from the secret; the keys of its JSON. */
export function secretKeysOf({ temporal }: StackConfig): readonly string[] {
  return SECRET_KEYS[temporal.auth];
}

const SECRET_KEYS: Readonly<Record<StackConfig['temporal']['auth'], readonly string[]>> = {
  'api-key': ['TEMPORAL_API_KEY'],
  mtls: ['TEMPORAL_TLS_CLIENT_CERT_DATA', 'TEMPORAL_TLS_CLIENT_KEY_DATA'],
  none: [],
};

function runningSteps(
  worker: WorkerConfig,
  network: NetworkLayout,
  own: { cluster: ReturnType<typeof cluster>; definition: ReturnType<typeof taskDefinition> },
): AwsStep[] {
  const running = service(worker, network, {
    cluster: own.cluster,
    taskDefinition: own.definition,
    securityGroup: network.group,
    ...keyed('subnet', network.taskSubnets),
    ...keyed('table', network.taskTables),
    ...keyed('nat', network.gateways),
  });
  const target = scalableTarget(worker, { service: running });
  return [own.definition, running, target, alarm('high', worker, { target }), alarm('low', worker, { target })];
}
