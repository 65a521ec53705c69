import type { StateDocument } from '../../state/document.ts';
import type { History } from '../../state/history.ts';
import type { Aws } from '../aws/aws.ts';
import { type Owner, TAG } from '../engine/ownership.ts';
import { UserError, usageError } from '../errors.ts';
import { digestOf, findRevision, type Revision, revisionNumber } from '../steps/compute/revisions.ts';
import { familyName } from '../steps/compute/task-definition.ts';
import { hasImage, isOfRepository } from '../steps/image/stored-images.ts';

/** Revisions of a worker that have worked before the one it has now, the last one first. Pure. */
export function provenBefore(history: History, worker: string, current: string | undefined): string[] {
  const own = history.filter((record) => record.worker === worker);
  // Since a revision came first, others may have come and been rolled back from to it: those are not what was before.
  const first = own.findIndex(({ taskDefinition }) => taskDefinition === current);
  const earlier = first < 0 ? own : own.slice(0, first);
  const proven = earlier.flatMap(({ outcome, taskDefinition }) =>
    outcome === 'completed' && taskDefinition !== undefined && taskDefinition !== current ? taskDefinition : [],
  );
  return [...new Set(proven.reverse())];
}

/** The revision to which a worker was rolled back last, as long as nothing was deployed since. Pure. */
export function heldRevision(
  { history, steps }: Pick<StateDocument, 'history' | 'steps'>,
  worker: string,
): string | undefined {
  const last = history.findLast((record) => record.worker === worker);
  const took = last && !['failed', 'rolled-back', 'stopped'].includes(last.outcome);
  if (!took || last.command !== 'rollback') return undefined;
  // One that was interrupted has not said yet where to; that was recorded first.
  return last.taskDefinition ?? steps[`compute/task-definition/${worker}`]?.id;
}

/** What a rollback needs of a revision: that tasks can be started from it, and its image. */
export interface Target {
  readonly arn: string;
  /** `sha256:…` */
  readonly image: string;
}

interface Rollback {
  readonly aws: Aws;
  readonly owner: Owner;
  readonly history: History;
  readonly worker: string;
  /** The revision that is recorded as the worker's. */
  readonly current: string | undefined;
}

/**
 * The revision to roll back to. Throws `UserError` NO_REVISION with those that can be chosen.
 *
 * @param to the revision's number; left out, the last one that has worked before the current one and is still there
 */
export async function rollbackTarget(rollback: Rollback, to: number | undefined): Promise<Target> {
  const { aws, owner, history, worker, current } = rollback;
  if (to === undefined) {
    for (const arn of provenBefore(history, worker, current)) {
      const target = await usable(aws, owner, arn);
      if (typeof target !== 'string') return target;
    }
    throw new UserError({
      code: 'NO_REVISION',
      message: `there is no revision of ${worker} that has worked before this one and is still there`,
      fix: 'temporal-fargate history shows what there was; deploy brings the code of any time back.',
    });
  }
  const target = await usable(aws, owner, `${familyName(aws.stack, worker)}:${to}`);
  if (typeof target !== 'string') return target;
  throw new UserError({
    code: 'NO_REVISION',
    message: `rolling ${worker} back to revision ${to}: ${target}`,
    fix: await choices(rollback),
  });
}

/** The revision as a target, or why it cannot be one. */
export async function usable(aws: Aws, owner: Owner, id: string): Promise<Target | string> {
  const found = await findRevision(aws, id);
  if (!found) return 'there is no such revision';
  if (found.tags[TAG.stackId] !== owner.stackId) return 'it was not made by this stack';
  if (!found.isActive) return 'it was deregistered';
  return imageOf(aws, found);
}

async function imageOf(aws: Aws, { arn, image }: Revision): Promise<Target | string> {
  const digest = digestOf(image);
  if (digest === undefined) return `its image ${image} has no digest`;
  if (isOfRepository(aws, image) && !(await hasImage(aws, digest)))
    return 'its image is not in the repository any more';
  return { arn, image: digest };
}

/** "Choose one of 5, 4 with --to." */
async function choices({ aws, owner, history, worker, current }: Rollback): Promise<string> {
  const known = new Set(
    history.flatMap((record) => (record.worker === worker && record.taskDefinition ? record.taskDefinition : [])),
  );
  known.delete(current ?? '');
  const targets = await Promise.all([...known].map((arn) => usable(aws, owner, arn)));
  const numbers = targets.flatMap((target) => (typeof target === 'string' ? [] : revisionNumber(target.arn)));
  if (numbers.length === 0) return 'There is none to choose; deploy brings the code of any time back.';
  return `Choose one of ${numbers.sort((a, b) => b - a).join(', ')}.`;
}

/** The number after --to. Throws a usage error for anything else. */
export function revisionAsked(to: string | boolean | undefined): number | undefined {
  if (to === undefined) return undefined;
  if (typeof to === 'string' && /^[1-9]\d{0,8}$/.test(to)) return Number(to);
  throw usageError(`--to ${to} is no revision`, 'Give its number, as temporal-fargate history shows it.');
}
