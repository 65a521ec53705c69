import type { Aws } from '../aws/aws.ts';
import type { StackConfig } from '../config/schema.ts';
import { toStackConfig } from '../config/stack-config.ts';
import { STAND_IN } from '../config/stand-in.ts';
import { ONLY_WORKER } from '../config/worker-config.ts';
import { type Claim, TAG, type Tags } from '../engine/ownership.ts';
import type { AnyStep } from '../engine/step.ts';
import type { AwsStep } from '../steps/define.ts';
import { githubRoles } from '../steps/identity/github-role.ts';
import { infrastructure } from '../steps/index.ts';
import { workerNamesOf } from '../steps/worker-names.ts';
import type { Connection } from './connect.ts';

/** Things of a stack that no answers on record account for, such as those of a layout from before its state was lost. */
export interface Strays {
  /** Their steps. */
  readonly steps: readonly AwsStep[];
  /** All steps that the stack may ever have had: what needed what when the strays were made. */
  readonly whole: readonly AwsStep[];
}

const NONE: Strays = { steps: [], whole: [] };

/**
 * Finds a stack's strays by the index of tags; it lags, and may list for a while what is gone.
 *
 * @param known steps that are looked for anyway
 */
export async function findStrays(
  connection: Connection,
  survey: Aws,
  claim: Claim,
  known: readonly AnyStep[],
): Promise<Strays> {
  const things = [...(await survey.indexOfStack()).values()].filter((tags) => isOf(claim, tags));
  const ids = new Set(things.flatMap((tags) => tags[TAG.resource] ?? []));
  for (const { id } of known) ids.delete(id);
  if (ids.size === 0) return NONE;
  const whole = union(await everyConfig(connection));
  const steps = whole.filter(({ id }) => ids.has(id));
  return steps.length > 0 ? { steps, whole } : NONE;
}

const isOf = ({ stack, stackId }: Claim, tags: Tags): boolean =>
  tags[TAG.managed] === 'true' && tags[TAG.stack] === stack && (stackId === undefined || tags[TAG.stackId] === stackId);

/** The same of roles for workflows, by their names: no index of tags lists roles. */
export async function findWorkflowRoles(aws: Aws, claim: Claim, known: readonly AnyStep[]): Promise<AwsStep[]> {
  const steps = githubRoles(ANY_REPOSITORY, undefined).filter(({ id }) => known.every((step) => step.id !== id));
  const found = await Promise.all(steps.map((step) => step.findOwned(aws, { stack: claim.stack, stepId: step.id })));
  return steps.filter((_step, at) => found[at]?.some(({ tags }) => isOf(claim, tags)));
}

const ANY_REPOSITORY = { repository: 'any/any', repositoryId: '0', ownerId: '0', branch: 'main' };

/**
 * For when nobody knows what was configured: every layout there is, in every zone of the region, with every worker of
 * which something is left, and deployed from a repository.
 */
export async function everyConfig(connection: Connection): Promise<StackConfig[]> {
  const { accountId, partition, stack, region } = connection;
  const zones = (await connection.zones()).join(',');
  const names = workerNamesOf((await connection.aws().survey().indexOfStack()).values());
  const workers = [...new Set([ONLY_WORKER, ...names])].map((name) => ({ name, answers: STAND_IN }));
  return ['public', 'private-per-az', 'private'].map((network) => ({
    ...toStackConfig({ ...STAND_IN, stack, region, zones, network }, { accountId, partition }, undefined, workers),
    github: ANY_REPOSITORY,
  }));
}

/** The steps of all these configs, each once. */
export function union(configs: readonly StackConfig[]): AwsStep[] {
  // The newest config first: its edges count.
  const steps = new Map<string, AwsStep>();
  for (const config of [...configs].reverse()) {
    for (const step of infrastructure(config)) if (!steps.has(step.id)) steps.set(step.id, step);
  }
  return [...steps.values()];
}
