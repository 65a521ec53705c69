import type { UserError } from '../errors.ts';
import { inOrder } from './graph.ts';
import { mentions, type ObservedSteps, pickUsed, type Records } from './observe.ts';
import { ambiguous } from './ownership.ts';
import { type AnyStep, type Change, type Live, needsOf, withChanges } from './step.ts';

export interface PlanItem<Cloud = unknown, Config = unknown> {
  readonly step: AnyStep<Cloud, Config>;
  /**
   * `none`: converged. `adopt`: exists and fits, only its record is missing. `update` may adopt as well.
   * `retire`: no longer wanted. `replace`: retired first, then created anew.
   */
  readonly action: 'none' | 'create' | 'adopt' | 'update' | 'replace' | 'retire';
  readonly changes: readonly Change[];
  /** The thing as observed; absent when there is none, or several of which none is in use. */
  readonly live?: Live | undefined;
  /** The thing never became usable, so that replacing it costs nobody anything. */
  readonly failed?: boolean;
  /** Why, where the changes do not say it: "it no longer exists", "failed: InsufficientFreeAddressesInSubnet". */
  readonly reason?: string;
  /** Things of our own that nothing uses, to be deleted first. */
  readonly duplicates: readonly Live[];
}

export interface Plan<Cloud = unknown, Config = unknown> {
  /** Every step once, needs before dependants; retired ones last. */
  readonly items: readonly PlanItem<Cloud, Config>[];
  /** What stops this plan from being applied; all of them. */
  readonly problems: readonly UserError[];
  /** All steps of earlier configs: what needed what when the things that go were made. */
  readonly earlier: readonly AnyStep<Cloud, Config>[];
}

export interface PlanInput<Cloud, Config> {
  readonly config: Config;
  readonly steps: readonly AnyStep<Cloud, Config>[];
  /** Steps of earlier configs, of which some are no longer wanted. */
  readonly earlier: readonly AnyStep<Cloud, Config>[];
  readonly records: Records;
  readonly observed: ObservedSteps;
}

/** "(known after network/vpc)": stands for a value of a thing that does not exist yet. */
const knownAfter = (stepId: string): string => `(known after ${stepId})`;

/** Decides what to do; pure. */
export function makePlan<Cloud, Config>(input: PlanInput<Cloud, Config>): Plan<Cloud, Config> {
  const { config, observed, records } = input;
  const problems: UserError[] = [];
  const decided = new Map<string, PlanItem<Cloud, Config>>();

  for (const step of inOrder(input.steps)) {
    const seen = observed.get(step.id) ?? { kind: 'absent', vanished: false };
    let live = seen.kind === 'present' ? seen.live : undefined;
    let duplicates: readonly Live[] = [];
    if (seen.kind === 'several') {
      live = pickUsed(step, seen.lives, observed);
      if (live) duplicates = seen.lives.filter((other) => other !== live);
      else problems.push(ambiguous(ids(seen.lives), step));
    }
    const from = placeholders(step, decided);
    const replacedNeed = needsOf(step).find(
      (need) => step.replacedWith?.includes(need.key) && decided.get(need.step.id)?.action === 'replace',
    );
    const found = records[step.id]?.id !== live?.id;
    const decision = live
      ? decide(step, step.want(config, from), live, found, replacedNeed?.step.title)
      : { action: 'create' as const, changes: [], ...(seen.kind === 'absent' && seen.vanished ? GONE : {}) };
    decided.set(step.id, { step, live, duplicates, ...decision });
  }

  const retired = retiredOf(input.steps, input.earlier).flatMap((step): PlanItem<Cloud, Config>[] => {
    const seen = observed.get(step.id);
    const gone = seen === undefined || seen.kind === 'absent';
    if (gone && !records[step.id]) return [];
    const lives = seen?.kind === 'present' ? [seen.live] : seen?.kind === 'several' ? seen.lives : [];
    // It was deleted before, by a run that knew of it: all that is left of it is that it can be brought back.
    if (!records[step.id] && lives.every((one) => step.remains?.(one) !== undefined)) return [];
    const [live, ...duplicates] = lives;
    return [{ step, action: 'retire', live, changes: [], duplicates, reason: 'no longer part of the configuration' }];
  });
  return { items: [...decided.values(), ...retired], problems, earlier: input.earlier };
}

/** The steps of earlier configs that the present one no longer has, each once. */
export function retiredOf<Cloud, Config>(
  steps: readonly AnyStep<Cloud, Config>[],
  earlier: readonly AnyStep<Cloud, Config>[],
): AnyStep<Cloud, Config>[] {
  const known = new Set(steps.map(({ id }) => id));
  return [...new Map(earlier.map((step) => [step.id, step])).values()].filter(({ id }) => !known.has(id));
}

const GONE = { reason: 'it no longer exists' } as const;

function decide(
  step: AnyStep,
  want: unknown,
  live: Live,
  found: boolean,
  replacedNeed: string | undefined,
): Pick<PlanItem, 'action' | 'changes' | 'reason' | 'failed'> {
  const readiness = step.readiness?.(live);
  if (readiness?.state === 'failed') {
    return { action: 'replace', changes: [], failed: true, reason: `failed: ${readiness.detail}` };
  }
  if (readiness?.state === 'leaving') return { action: 'create', changes: [], reason: `after ${readiness.detail}` };
  const changes: Change[] = step.diff(want, live);
  if (replacedNeed !== undefined) return { action: 'replace', changes, reason: `${replacedNeed} is replaced` };
  if (changes.some((change) => change.how === 'replace')) return { action: 'replace', changes };
  if (changes.length > 0) return { action: 'update', changes };
  return { action: found ? 'adopt' : 'none', changes };
}

/** The needs as they will be; what does not exist yet answers every property with `knownAfter`. */
function placeholders(step: AnyStep, decided: ReadonlyMap<string, PlanItem<unknown, never>>): Record<string, Live> {
  return Object.fromEntries(
    needsOf(step).map((need) => [need.key, expected(decided.get(need.step.id)) ?? unknownLive(need.step.id)]),
  );
}

function expected(item: PlanItem<unknown, never> | undefined): Live | undefined {
  if (!item?.live || item.action === 'replace' || item.action === 'create') return undefined;
  const revised = item.changes.length > 0 && item.step.revises?.(item.changes);
  const id = revised ? knownAfter(item.step.id) : item.live.id;
  return { ...withChanges(item.live, item.changes), id };
}

function unknownLive(stepId: string): Live {
  return new Proxy({} as Live, { get: () => knownAfter(stepId) });
}

const ids = (lives: readonly Live[]): string[] => lives.map((live) => live.id);

/**
 * Whether something that stays still uses something that is no longer wanted: tasks in a subnet, an endpoint in a route
 * table. AWS would refuse to delete the one until the other has been moved.
 */
export function retiresLate(plan: Pick<Plan, 'items'>): boolean {
  const staying = JSON.stringify(plan.items.flatMap(({ action, live }) => (action === 'update' && live ? [live] : [])));
  return plan.items.some(({ action, live }) => action === 'retire' && live !== undefined && mentions(staying, live.id));
}

/** Counts for the summary line; `destructive` is what needs an explicit yes. */
export function summarize(plan: Pick<Plan, 'items'>): {
  create: number;
  update: number;
  replace: number;
  retire: number;
  adopt: number;
  duplicates: number;
  unchanged: number;
  changed: boolean;
  destructive: boolean;
} {
  const count = (action: PlanItem['action']): number => plan.items.filter((item) => item.action === action).length;
  const duplicates = plan.items.reduce((sum, item) => sum + item.duplicates.length, 0);
  const replace = count('replace');
  const retire = count('retire');
  return {
    create: count('create'),
    update: count('update'),
    adopt: count('adopt'),
    replace,
    retire,
    duplicates,
    unchanged: count('none'),
    changed: plan.items.some((item) => item.action !== 'none') || duplicates > 0,
    destructive: plan.items.some(
      ({ action, failed, duplicates: extra }) =>
        (action === 'replace' && !failed) || action === 'retire' || extra.length > 0,
    ),
  };
}
