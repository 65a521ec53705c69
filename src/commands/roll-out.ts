import type { StateDocument } from '../../state/document.ts';
import { amended, begun, type DeploymentRecord, type Outcome } from '../../state/history.ts';
import type { Session } from '../../state/store.ts';
import type { Aws } from '../aws/aws.ts';
import { reportService } from '../aws/service-report.ts';
import type { StackConfig } from '../config/schema.ts';
import { apply } from '../engine/apply.ts';
import type { Plan } from '../engine/plan.ts';
import { Cancelled } from '../errors.ts';
import { clusterName } from '../steps/compute/cluster.ts';
import { recordedDigest } from './image-digest.ts';
import { prune } from './prune.ts';
import type { Run } from './run.ts';
import { engineContext } from './stack-run.ts';
import { type Proof, verifyWorkers } from './verify.ts';

/**
 * Carries a plan out and sees to it that the workers poll, unless an earlier run has seen that of the very task
 * definitions that they have now. Every deployment is recorded from its beginning to its end, good or bad, and one that
 * is proven makes room: see `prune`.
 *
 * @param workers whose deployments are to be proven
 * @param deployed those of them that are given something to run
 * @returns what was proven now
 */
export async function rollOut(
  run: Run,
  plan: Plan<Aws, StackConfig>,
  workers: readonly string[],
  deployed = workers.filter((worker) => isDeployed(plan, worker)),
): Promise<readonly Proof[]> {
  const { input, connection, aws, config, session, owner } = run;
  const before = session.document.steps;
  await begin(run, deployed);
  try {
    const context = engineContext(input, connection, config, session, owner, aws);
    const emit: typeof context.emit = (event) => {
      run.onStep?.(event);
      context.emit(event);
    };
    await apply({ ...context, emit }, plan);
    const proofs = await prove(run, workers);
    await settle(run, deployed, proofs);
    if (deployed.length > 0) await prune(run);
    return proofs;
  } catch (error) {
    await recordEnd(run, deployed, before, error);
    throw error;
  }
}

const definitionId = (worker: string): string => `compute/task-definition/${worker}`;
const imageId = (worker: string): string => `image/worker-image/${worker}`;

/** Whether the plan gives the worker's service another revision to run, or the same once more. */
function isDeployed(plan: Pick<Plan, 'items'>, worker: string): boolean {
  const service = plan.items.find(({ step }) => step.id === `compute/service/${worker}`);
  if (service?.action === 'create' || service?.action === 'replace') return true;
  return service?.changes.some(({ field }) => field === 'taskDefinition' || field === 'rollout') ?? false;
}

async function begin({ session, connection, command }: Run, workers: readonly string[]): Promise<void> {
  if (workers.length === 0) return;
  const startedAt = new Date().toISOString();
  // "arn:aws:sts::123456789012:assumed-role/Admin/ada" -> "assumed-role/Admin/ada"
  const by = connection.caller.split(':').slice(5).join(':');
  await session.update((draft) => {
    draft.history = begun(draft.history, workers, { command, by, startedAt });
  });
}

async function prove(run: Run, workers: readonly string[]): Promise<Proof[]> {
  const { input, connection, aws, config, client } = run;
  const { steps, proven } = run.session.document;
  const unknown = config.workers.filter(
    ({ name }) => workers.includes(name) && !proven.includes(steps[definitionId(name)]?.id ?? ''),
  );
  if (unknown.length === 0) return [];
  const digestOf = (worker: string): string => steps[imageId(worker)]?.id ?? '';
  return verifyWorkers(input, connection, aws, { ...config, workers: unknown }, digestOf, client);
}

/** Records what was proven, and how the deployments ended. */
async function settle({ session, config }: Run, deployed: readonly string[], proofs: readonly Proof[]): Promise<void> {
  if (deployed.length === 0 && !proofs.some(({ isProven }) => isProven)) return;
  const { steps, proven } = session.document;
  const unproven = new Set(proofs.flatMap(({ worker, isProven }) => (isProven ? [] : worker)));
  const isProven = (worker: string): boolean =>
    proofs.some((proof) => proof.worker === worker && proof.isProven) ||
    proven.includes(steps[definitionId(worker)]?.id ?? '');
  await session.update((draft) => {
    draft.proven = config.workers.flatMap(({ name }) => (isProven(name) ? (steps[definitionId(name)]?.id ?? []) : []));
    for (const worker of new Set([...deployed, ...proofs.map((proof) => proof.worker)])) {
      const last = draft.history.findLast((record) => record.worker === worker);
      // A deployment of an earlier run may be the one that was proven now.
      const isOlder = last?.outcome !== 'completed' && last?.taskDefinition === steps[definitionId(worker)]?.id;
      if (!deployed.includes(worker) && !isOlder) continue;
      const outcome = unproven.has(worker) ? 'unproven' : 'completed';
      draft.history = amended(draft.history, worker, ended(draft, worker, outcome));
    }
  });
}

type Steps = Session['document']['steps'];

function ended(document: StateDocument, worker: string, outcome: Outcome): Partial<DeploymentRecord> {
  const [taskDefinition, image] = [document.steps[definitionId(worker)]?.id, recordedDigest(document, worker)];
  return {
    ...(taskDefinition !== undefined && { taskDefinition }),
    ...(image !== undefined && { image }),
    endedAt: new Date().toISOString(),
    outcome,
  };
}

/** Records how the deployments of a run that failed have ended. What led here is the error to tell, whatever happens. */
async function recordEnd(run: Run, workers: readonly string[], before: Steps, error: unknown): Promise<void> {
  if (workers.length === 0) return;
  try {
    const outcomes = await Promise.all(workers.map((worker) => outcomeOf(run, worker, error)));
    await run.session.update((draft) => {
      for (const [at, worker] of workers.entries()) {
        const outcome = outcomes[at] ?? 'failed';
        const isOld = draft.steps[definitionId(worker)]?.id === before[definitionId(worker)]?.id;
        const cameToNothing = EARLY.has(outcome) && isOld && run.command !== 'rollback';
        const end = cameToNothing ? { endedAt: new Date().toISOString(), outcome } : ended(draft, worker, outcome);
        draft.history = amended(draft.history, worker, end);
      }
    });
  } catch {
    // The lock may be lost, or AWS out of reach; the next run calls them interrupted.
  }
}

/** Outcomes of deployments that ECS may never have heard of. */
const EARLY: ReadonlySet<Outcome> = new Set(['failed', 'interrupted']);

async function outcomeOf({ aws, config, session }: Run, worker: string, error: unknown): Promise<Outcome> {
  if (error instanceof Cancelled) return 'interrupted';
  const report = await reportService(aws, clusterName(config.stack), worker).catch(() => undefined);
  const began = session.document.history.findLast((record) => record.worker === worker)?.startedAt ?? '';
  if (!report?.deployedAt || report.deployedAt.toISOString() < began) return 'failed';
  if (report.deployment.startsWith('ROLLBACK')) return 'rolled-back';
  if (report.deployment === 'STOPPED') return 'stopped';
  return report.deployment === 'SUCCESSFUL' ? 'unproven' : 'failed';
}
