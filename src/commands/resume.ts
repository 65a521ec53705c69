import { EXIT } from '../errors.ts';
import { formatResumed } from '../ui/format-paused.ts';
import { workersAsked } from './asked-workers.ts';
import { withLockedStack } from './existing-stack.ts';
import type { CommandInput } from './input.ts';
import { pausedPlan, putPaused } from './pausing.ts';
import { checkedClient } from './preflight.ts';
import { rollOut } from './roll-out.ts';
import type { Run } from './run.ts';
import { callSummary } from './stack-run.ts';

/** `resume`: ends a pause. Auto scaling gets its bounds back, the smallest number of tasks starts, and they prove to poll. */
export async function resume(input: CommandInput): Promise<number> {
  return withLockedStack(input, 'resume', async (stack) => {
    const { connection, session, owner, document } = stack;
    const asked = workersAsked(input, stack.config);
    const names = asked.map(({ name }) => name);
    const aws = connection.aws();
    const { config, plan } = await pausedPlan(stack, aws, names, false);
    const known = { config: stack.config, secretValue: undefined };
    const client = await checkedClient(input, connection, known, document, aws);
    try {
      const touched = new Set(plan.items.flatMap(({ step, action }) => (action === 'none' ? [] : step.id)));
      const resumed = asked.flatMap(({ name, paused }) =>
        paused || touched.has(`scaling/target/${name}`) ? name : [],
      );
      if (resumed.length > 0) await putPaused(session, config, resumed);
      const run: Run = { input, connection, aws, config, session, owner, client, command: 'resume' };
      const proofs = await rollOut(run, plan, names);
      input.io.note(callSummary(connection));
      const view = {
        stack: config.stack,
        region: config.region,
        changed: resumed.length > 0,
        resumed,
        proof: proofs.map(({ text }) => text),
      };
      input.io.result(formatResumed(view), { ...view, calls: connection.counts });
      return EXIT.done;
    } finally {
      await client?.connection.close();
    }
  });
}
