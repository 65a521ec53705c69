import type { DeploymentRecord, Outcome } from '../../state/history.ts';
import type { Aws } from '../aws/aws.ts';
import type { Owner } from '../engine/ownership.ts';
import { EXIT } from '../errors.ts';
import { findService } from '../steps/compute/live-service.ts';
import { revisionNumber } from '../steps/compute/revisions.ts';
import { formatHistory, type ShownDeployment, type WorkerHistory } from '../ui/format-history.ts';
import { workersAsked } from './asked-workers.ts';
import { type ExistingStack, withExistingStack } from './existing-stack.ts';
import type { CommandInput } from './input.ts';
import { usable } from './rollback-target.ts';
import { heldLock } from './stored-stacks.ts';

/** `history`: what was deployed, by whom and how it ended, what runs, and what a rollback could go back to. */
export async function history(input: CommandInput): Promise<number> {
  return withExistingStack(input, async (stack) => {
    const { connection, config, store } = stack;
    const aws = connection.aws();
    const isAtWork = heldLock(await store.holder()) !== null;
    const workers = await Promise.all(
      workersAsked(input, config).map(({ name }) => historyOf(aws, stack, name, isAtWork)),
    );
    input.io.result(formatHistory(workers), { stack: config.stack, region: config.region, workers });
    return EXIT.done;
  });
}

async function historyOf(
  aws: Aws,
  { document }: ExistingStack,
  worker: string,
  isAtWork: boolean,
): Promise<WorkerHistory> {
  const owner = { stack: document.stack, stackId: document.stackId };
  const records = document.history.filter((record) => record.worker === worker).reverse();
  const revisions = [...new Set(records.flatMap(({ taskDefinition }) => taskDefinition ?? []))];
  const [service, kept] = await Promise.all([findService(aws, worker), keptOf(aws, owner, revisions)]);
  const running = service?.taskDefinition;
  return {
    worker,
    running: running === undefined ? null : revisionNumber(running),
    deployments: records.map((record): ShownDeployment => {
      const { taskDefinition, image, startedAt, endedAt, by, command } = record;
      return {
        revision: taskDefinition === undefined ? null : revisionNumber(taskDefinition),
        image: image ?? null,
        startedAt,
        endedAt: endedAt ?? null,
        by,
        command,
        outcome: outcomeNow(record, isAtWork),
        isRunning: taskDefinition !== undefined && taskDefinition === running,
        canRollBackTo: taskDefinition !== undefined && taskDefinition !== running && kept.has(taskDefinition),
      };
    }),
  };
}

/** Those that can still be given to a service. */
async function keptOf(aws: Aws, owner: Owner, revisions: readonly string[]): Promise<ReadonlySet<string>> {
  const targets = await Promise.all(revisions.map((arn) => usable(aws, owner, arn)));
  return new Set(targets.flatMap((target) => (typeof target === 'string' ? [] : target.arn)));
}

/** A command that ended without a word has left its deployment under way. */
const outcomeNow = ({ outcome }: DeploymentRecord, isAtWork: boolean): Outcome =>
  outcome === 'underway' && !isAtWork ? 'interrupted' : outcome;
