import type { StackConfig } from '../config/schema.ts';
import { EXIT } from '../errors.ts';
import { findService } from '../steps/compute/live-service.ts';
import { revisionWords } from '../ui/format-deploy.ts';
import { workerAsked } from './asked-workers.ts';
import { DEPLOYING, deployedNow } from './deploy.ts';
import { type LockedStack, withLockedStack } from './existing-stack.ts';
import { withUserDigest } from './image-digest.ts';
import type { CommandInput } from './input.ts';
import { partOfPlan } from './part-of-plan.ts';
import { checkedClient } from './preflight.ts';
import { rollOut } from './roll-out.ts';
import { revisionAsked, rollbackTarget, type Target } from './rollback-target.ts';
import type { Run } from './run.ts';
import { callSummary, planStack } from './stack-run.ts';

/**
 * `rollback`: gives a worker an earlier revision again, as it was, and proves that it polls. Nothing is built, and nothing
 * but the service is touched; `init` keeps to it until the next `deploy`.
 */
export async function rollback(input: CommandInput): Promise<number> {
  const to = revisionAsked(input.flags.own.to);
  return withLockedStack(input, 'rollback', async (stack) => {
    const { connection, session, document, config, owner } = stack;
    const { name } = workerAsked(input, config);
    const aws = connection.aws();
    const current = document.steps[`compute/task-definition/${name}`]?.id;
    const target = await rollbackTarget({ aws, owner, history: document.history, worker: name, current }, to);
    const before = deployedNow(document, name);
    const client = await checkedClient(input, connection, { config, secretValue: undefined }, document, aws);
    try {
      input.signal.throwIfAborted();
      const rolled = withUserDigest(config, name, target.image);
      const run: Run = { input, connection, aws, config: rolled, session, owner, client, command: 'rollback' };
      const running = (await findService(aws, name))?.taskDefinition;
      const changed = running !== target.arn || current !== target.arn;
      const proof = changed ? await rollBack(stack, run, name, target) : [];
      input.io.note(callSummary(connection));
      const now = deployedNow(session.document, name);
      const text = changed
        ? [`${name}: rolled back from revision ${before.revision ?? '-'} to ${revisionWords(now)}.`, ...proof]
        : [`${name} runs ${revisionWords(now)} already. Nothing was changed.`];
      const { stack: stackName, region } = config;
      input.io.result(text.join('\n'), {
        stack: stackName,
        region,
        changed,
        worker: name,
        from: { revision: before.revision, image: before.image },
        to: { revision: now.revision, image: now.image },
        proof,
        calls: connection.counts,
      });
      return EXIT.done;
    } finally {
      await client?.connection.close();
    }
  });
}

/** Recorded first: a run that is interrupted is finished by the next one, whichever it is. @returns what was seen */
async function rollBack(
  { connection, config: before, session, document }: LockedStack,
  run: Run,
  worker: string,
  target: Target,
): Promise<string[]> {
  const record = (revision: string | undefined, image: string | undefined, config: StackConfig): Promise<void> =>
    session.update((draft) => {
      const { steps } = draft;
      const [definition, its] = [steps[`compute/task-definition/${worker}`], steps[`image/worker-image/${worker}`]];
      if (definition && revision !== undefined) definition.id = revision;
      if (its && image !== undefined) its.id = image;
      if (!its) draft.configs = [...draft.configs.slice(0, -1), JSON.parse(JSON.stringify(config))];
    });
  await record(target.arn, target.image, run.config);
  try {
    const { plan } = await planStack(connection, run.config, session.document, {}, run.aws);
    const narrowed = partOfPlan(plan, new Map([[`compute/service/${worker}`, DEPLOYING]]));
    return (await rollOut(run, narrowed, [worker], [worker])).map(({ text }) => text);
  } catch (error) {
    // ECS has gone back to what ran before, so that this is what the stack has.
    const running = await findService(run.aws, worker).catch(() => undefined);
    if (running && running.taskDefinition !== target.arn) {
      const { steps } = document;
      await record(steps[`compute/task-definition/${worker}`]?.id, steps[`image/worker-image/${worker}`]?.id, before);
    }
    throw error;
  }
}
