import { randomUUID } from 'node:crypto';
import type { StateDocument } from '../../state/document.ts';
import type { Session } from '../../state/store.ts';
import type { Aws } from '../aws/aws.ts';
import { classify } from '../aws/errors.ts';
import { explainAwsError } from '../aws/explain.ts';
import { extraGroupProblems, findExtraGroups } from '../aws/extra-groups.ts';
import type { StackConfig } from '../config/schema.ts';
import type { EngineContext } from '../engine/context.ts';
import { type ObservedSteps, observe } from '../engine/observe.ts';
import { type Owner, stackIdsOf } from '../engine/ownership.ts';
import { makePlan, type Plan, retiredOf } from '../engine/plan.ts';
import { patience } from '../engine/recorded.ts';
import { UserError } from '../errors.ts';
import { formerGrantsOf } from '../steps/identity/role-policies.ts';
import { beforeRoles, findStrayRoles } from '../steps/identity/stray-roles.ts';
import { type Inputs, infrastructure } from '../steps/index.ts';
import type { Connection } from './connect.ts';
import { githubPolicies } from './github-policies.ts';
import type { CommandInput } from './input.ts';
import { problemsOfGuests } from './network-guests.ts';
import { storedConfig } from './stored-config.ts';
import { findStrays } from './strays.ts';
import { unlistedWorkers } from './unlisted-workers.ts';

/** Mutating calls at once. EC2 throttles by account, and others use it too. */
const CONCURRENCY = 8;

export const POLL_MS = 1000;

/**
 * Reads by id, and more so those by tag, lag behind creates and deletes by seconds, rarely more. Source: EC2 API
 * reference, "Eventual consistency". Too short a wait would make a thing twice, so it is a long one; only a run that
 * comes right after an interrupted one waits at all.
 */
const TAG_LAG_MS = 45_000;

/**
 * Spot capacity that comes back does so within minutes, and a quota does not change by itself; ECS would go on trying
 * for ever, without one failed task. A deployment that moves at all has twice as long between two moves.
 */
const STUCK_MS = 5 * 60_000;

/** Tasks that hang are rarer than those that are slow to come up: these get twice the time. */
const STANDSTILL_MS = 2 * STUCK_MS;

/** A sandbox's AWS may be quick; the programs that run in it need real time to start. */
const SHORTEST_STANDSTILL_MS = 60_000;

export interface PlannedStack {
  readonly plan: Plan<Aws, StackConfig>;
  readonly owner: Owner;
  /** The state was lost, and things of an earlier run were found by tag. */
  readonly adopted: boolean;
}

/** Looks at everything and decides; changes nothing. */
export async function planStack(
  connection: Connection,
  config: StackConfig,
  document: StateDocument | undefined,
  inputs: Inputs,
  aws: Aws,
): Promise<PlannedStack> {
  const configs = (document?.configs ?? []).flatMap((stored) => storedConfig(stored) ?? []);
  const formerTags = configs.flatMap(({ tags }) => Object.keys(tags ?? {}));
  const known = { formerTags, formerGrants: formerGrantsOf(configs), githubPolicies: githubPolicies(config) };
  const steps = infrastructure(config, { ...inputs, ...known });
  // The steps of all configs whose things may exist.
  const earlier = configs.flatMap((one) => infrastructure(one));
  const retired = retiredOf(steps, earlier);
  const records = document?.steps ?? {};
  const claim = { stack: connection.stack, stackId: document?.stackId };
  const patient = patience(connection, TAG_LAG_MS * connection.timeScale);
  const survey = aws.survey();
  const [expected, strays, extraGroups] = await Promise.all([
    observe(survey, claim, [...steps, ...retired], records, patient),
    findStrays(connection, survey, claim, [...steps, ...retired]),
    findExtraGroups(survey, [...new Set(config.workers.flatMap(({ securityGroupIds }) => securityGroupIds ?? []))]),
  ]);
  const seen = new Map([...expected, ...(await observe(survey, claim, strays.steps, records, patient))]);
  // Who knows what was configured knows of every role; the others are asked for only where somebody has to.
  const lost = configs.length === 0 && stackIdsOf(livesOf(seen)).size > 0;
  const roles = lost ? await findStrayRoles(survey, claim, [...steps, ...retired, ...strays.steps]) : [];
  const observed = new Map([...seen, ...(await observe(survey, claim, roles, records, patient))]);
  const stackId = document?.stackId ?? (await foundStackId(observed, connection.stack)) ?? newStackId();
  const former = [...beforeRoles([...earlier, ...strays.whole], roles), ...roles];
  const made = makePlan({ config, steps, earlier: former, records, observed });
  const foreign = extraGroupProblems(extraGroups, vpcOf(config, made));
  const adopted = document === undefined && stackIdsOf(livesOf(observed)).size > 0;
  const unlisted = adopted ? await unlistedWorkers(survey, config) : [];
  const guests = await problemsOfGuests(connection, made);
  const plan = { ...made, problems: [...made.problems, ...foreign, ...guests, ...unlisted] };
  return { plan, owner: { stack: connection.stack, stackId }, adopted };
}

/** The VPC in which the tasks will run; `undefined` when it is still to be made. */
function vpcOf({ network }: StackConfig, { items }: Plan<Aws, StackConfig>): string | undefined {
  if ('vpcId' in network) return network.vpcId;
  const item = items.find(({ step }) => step.id === 'network/vpc');
  return item?.action === 'replace' ? undefined : item?.live?.id;
}

const livesOf = (observed: ObservedSteps) =>
  [...observed.values()].flatMap((seen) =>
    seen.kind === 'present' ? [seen.live] : seen.kind === 'several' ? seen.lives : [],
  );

/** The id in the tags of what was found; one stack name may have had several lives. */
async function foundStackId(observed: ObservedSteps, stack: string): Promise<string | undefined> {
  const ids = [...stackIdsOf(livesOf(observed))];
  if (ids.length <= 1) return ids[0];
  throw new UserError({
    code: 'SEVERAL_STACKS',
    message: `stack ${stack} has no state, and things of ${ids.length} different stacks of that name exist (${ids.join(', ')})`,
    fix: `Take one down from its tags with temporal-fargate destroy, or choose another --stack.`,
  });
}

const newStackId = (): string => randomUUID().slice(0, 13);

export function engineContext(
  input: CommandInput,
  connection: Connection,
  config: StackConfig,
  session: Session,
  owner: Owner,
  aws: Aws,
): EngineContext<Aws, StackConfig> {
  return {
    cloud: aws,
    config,
    owner,
    session,
    clock: connection.clock,
    signal: input.signal,
    emit: (event) =>
      input.io.step(event.type === 'failed' ? { ...event, error: explainAwsError(event.error) as Error } : event),
    polling: connection.polling,
    classify,
    newToken: () => randomUUID(),
    concurrency: CONCURRENCY,
    pollMs: POLL_MS * connection.timeScale,
    tagLagMs: TAG_LAG_MS * connection.timeScale,
    stuckMs: STUCK_MS * connection.timeScale,
    standstillMs: Math.max(SHORTEST_STANDSTILL_MS, STANDSTILL_MS * connection.timeScale),
  };
}

/** "AWS calls: 84 and 12 while waiting; 22 for checks; 3 refused until something had settled; 40 to the state store." */
export function callSummary({ counts: { aws, polls, preflight, refused, state } }: Connection): string {
  const checks = preflight > 0 ? ` ${preflight} for checks;` : '';
  const unsettled = refused > 0 ? ` ${refused} refused until something had settled;` : '';
  return `AWS calls: ${aws} and ${polls} while waiting;${checks}${unsettled} ${state} to the state store.`;
}
