import type { Aws } from '../aws/aws.ts';
import type { StackConfig } from '../config/schema.ts';
import { toStackConfig } from '../config/stack-config.ts';
import { STAND_IN, STAND_IN_OF_ALL } from '../config/stand-in.ts';
import { ONLY_WORKER } from '../config/worker-config.ts';
import { type Claim, TAG, type Tags } from '../engine/ownership.ts';
import type { AnyStep } from '../engine/step.ts';
import { LIFECYCLE_RULE } from '../steps/data/lifecycle-rule.ts';
import type { AwsStep } from '../steps/define.ts';
import { beforeRoles, findStrayRoles, workersWithRoles } from '../steps/identity/stray-roles.ts';
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

/** What it takes to know of everything that a stack can be. */
type Where = Pick<Connection, 'accountId' | 'partition' | 'stack' | 'region' | 'zones' | 'aws'>;

const NONE: Strays = { steps: [], whole: [] };

/**
 * Finds a stack's strays by the index of tags; it lags, and may list for a while what is gone.
 *
 * @param known steps that are looked for anyway
 */
export async function findStrays(
  connection: Where,
  survey: Aws,
  claim: Claim,
  known: readonly AnyStep[],
): Promise<Strays> {
  const things = [...(await survey.indexOfStack()).values()].filter((tags) => isOf(claim, tags));
  const ids = new Set(things.flatMap((tags) => tags[TAG.resource] ?? []));
  // Without a state nobody knows whether objects are to expire, and no index of tags lists rules of buckets.
  if (claim.stackId === undefined && ids.has('data/bucket')) ids.add(LIFECYCLE_RULE);
  for (const { id } of known) ids.delete(id);
  if (ids.size === 0) return NONE;
  const whole = union(await everyConfig(connection));
  const steps = whole.filter(({ id }) => ids.has(id));
  return steps.length > 0 ? { steps, whole } : NONE;
}

const isOf = ({ stack, stackId }: Claim, tags: Tags): boolean =>
  tags[TAG.managed] === 'true' && tags[TAG.stack] === stack && (stackId === undefined || tags[TAG.stackId] === stackId);

/**
 * For when nobody knows what was configured: every layout there is, in every zone of the region, with every worker of
 * which something is left.
 *
 * @param named workers that are known by other things than those in the index of tags
 */
async function everyConfig(connection: Where, named: readonly string[] = []): Promise<StackConfig[]> {
  const { accountId, partition, stack, region } = connection;
  const zones = (await connection.zones()).join(',');
  const indexed = workerNamesOf((await connection.aws().survey().indexOfStack()).values());
  const workers = [...new Set([ONLY_WORKER, ...indexed, ...named])].map((name) => ({ name, answers: STAND_IN }));
  return ['public', 'private-per-az', 'private'].map((network) =>
    toStackConfig({ ...STAND_IN_OF_ALL, stack, region, zones, network }, { accountId, partition }, undefined, workers),
  );
}

/** What a destroy has to look at. */
export interface WholeStack {
  readonly configs: readonly StackConfig[];
  readonly steps: readonly AwsStep[];
  /** Those of the steps that the state should know of, and does not. */
  readonly strays: readonly AwsStep[];
}

/** By what is on record, and by what carries the stack's tags besides. */
export async function recordedStack(
  connection: Connection,
  claim: Claim,
  configs: readonly StackConfig[],
): Promise<WholeStack> {
  const aws = connection.aws();
  const known = union(configs);
  const [{ steps }, roles] = await Promise.all([
    findStrays(connection, aws.survey(), claim, known),
    findStrayRoles(aws, claim, known),
  ]);
  const strays = [...steps, ...roles];
  return { configs, steps: beforeRoles([...known, ...strays], roles), strays };
}

/** By tags alone, when no config is on record. */
export async function taggedStack(connection: Connection): Promise<WholeStack> {
  const roles = await findStrayRoles(connection.aws(), { stack: connection.stack, stackId: undefined }, []);
  const configs = await everyConfig(connection, workersWithRoles(roles));
  const known = union(configs);
  const others = roles.filter((role) => known.every(({ id }) => id !== role.id));
  return { configs, steps: beforeRoles([...known, ...others], others), strays: [] };
}

/** The steps of all these configs, each once. */
function union(configs: readonly StackConfig[]): AwsStep[] {
  // The newest config first: its edges count.
  const steps = new Map<string, AwsStep>();
  for (const config of [...configs].reverse()) {
    for (const step of infrastructure(config)) if (!steps.has(step.id)) steps.set(step.id, step);
  }
  return [...steps.values()];
}
