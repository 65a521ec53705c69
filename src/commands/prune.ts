import type { History } from '../../state/history.ts';
import { explainAwsError } from '../aws/explain.ts';
import { inUse } from '../aws/in-use.ts';
import { TAG } from '../engine/ownership.ts';
import { asError } from '../errors.ts';
import { clusterName } from '../steps/compute/cluster.ts';
import { deregister, digestOf, findRevision, listRevisions, revisionNumber } from '../steps/compute/revisions.ts';
import { familyName } from '../steps/compute/task-definition.ts';
import { deleteImages, pushedImages } from '../steps/image/stored-images.ts';
import type { Run } from './run.ts';

/** Revisions of a worker that stay for a rollback, besides the one that runs. */
export const KEPT = 5;

/**
 * Makes room after a deployment that is proven: deregisters the revisions beyond those that stay for a rollback, and
 * deletes the images that nothing needs any more. Only what is this stack's own goes. It never fails: the deployment has
 * worked, and the next one tries again.
 */
export async function prune(run: Run): Promise<void> {
  try {
    const { revisions, images } = await pruneAll(run);
    if (revisions + images === 0) return;
    run.input.io.note(`Removed what no rollback needs: ${revisions} old revisions and ${images} images.`);
  } catch (error) {
    const why = asError(explainAwsError(error)).message;
    run.input.io.warn(`What no rollback needs was not removed; the next deployment tries again: ${why}`);
  }
}

async function pruneAll({ aws, config, session, owner }: Run): Promise<{ revisions: number; images: number }> {
  const { steps, history } = session.document;
  const workers = config.workers.map(({ name }) => {
    const current = steps[`compute/task-definition/${name}`]?.id;
    return { name, current, family: familyName(config.stack, name) };
  });
  // Revisions are numbered from 1 on, and a number never comes back.
  if (workers.every(({ current }) => current === undefined || revisionNumber(current) <= KEPT + 1)) return NOTHING;

  const used = await inUse(
    aws,
    clusterName(config.stack),
    workers.map(({ name }) => name),
  );
  const kept: string[] = [];
  let revisions = 0;
  for (const { name, current, family } of workers) {
    const active = await listRevisions(aws, family, 'ACTIVE');
    const proven = provenOf(history, name);
    const drop = new Set(beyond(active, proven, new Set([...used.taskDefinitions, ...(current ? [current] : [])])));
    kept.push(...active.filter((arn) => !drop.has(arn)));
    for (const arn of drop) {
      const found = await findRevision(aws, arn);
      if (found?.tags[TAG.stackId] !== owner.stackId) kept.push(arn);
      else {
        await deregister(aws, arn);
        revisions += 1;
      }
    }
  }

  // Also those of runs that ended before they had registered anything with them.
  const needed = new Set(used.images);
  for (const arn of new Set([...kept, ...used.taskDefinitions])) {
    const digest = digestOf((await findRevision(aws, arn))?.image ?? '');
    if (digest !== undefined) needed.add(digest);
  }
  for (const { name } of workers) needed.add(steps[`image/worker-image/${name}`]?.id ?? '');
  const unneeded = (await pushedImages(aws)).filter((digest) => !needed.has(digest));
  await deleteImages(aws, unneeded);
  return { revisions, images: unneeded.length };
}

const NOTHING = { revisions: 0, images: 0 };

const provenOf = (history: History, worker: string): ReadonlySet<string> =>
  new Set(
    history.flatMap(({ worker: name, outcome, taskDefinition }) =>
      name === worker && outcome === 'completed' ? (taskDefinition ?? []) : [],
    ),
  );

/**
 * The revisions that no rollback needs: of those that nothing uses, all but five, and of these the ones that have worked
 * come before those of which nobody knows.
 *
 * @param active newest first
 */
export function beyond(
  active: readonly string[],
  proven: ReadonlySet<string>,
  used: ReadonlySet<string>,
): readonly string[] {
  const idle = active.filter((arn) => !used.has(arn));
  const ranked = [...idle.filter((arn) => proven.has(arn)), ...idle.filter((arn) => !proven.has(arn))];
  return ranked.slice(KEPT);
}
