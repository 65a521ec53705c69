import type { StackConfig } from '../config/schema.ts';
import { EXIT, UserError, usageError } from '../errors.ts';
import { pollersOf } from '../temporal/pollers.ts';
import { runWorkflows, type WorkflowOutcome } from '../temporal/workflows.ts';
import { workersAsked } from './asked-workers.ts';
import { withExistingStack } from './existing-stack.ts';
import type { CommandInput } from './input.ts';
import { temporalOf } from './temporal-access.ts';

const DEFAULT_INPUT = '{"message":"Hello from temporal-fargate"}';
const DEFAULT_TIMEOUT_SECONDS = 60;
const MOST_AT_ONCE = 1000;

/** `trigger`: runs workflows on the deployed worker and prints each result; fails when one of them does. */
export async function trigger(input: CommandInput): Promise<number> {
  const { own } = input.flags;
  const request = {
    type: String(own.workflow ?? 'MessageWorkflow'),
    args: [parseInput(String(own.input ?? DEFAULT_INPUT))],
    count: wholeNumber('--count', own.count, 1, MOST_AT_ONCE),
    workflowId: own.workflowId === undefined ? undefined : String(own.workflowId),
    timeoutSeconds: wholeNumber('--timeout', own.timeout, DEFAULT_TIMEOUT_SECONDS, 86_400),
  };
  return withExistingStack(input, async ({ connection, document, config }) => {
    const taskQueue = taskQueueOf(input, config);
    const secretArn = document.steps['secrets/temporal']?.id;
    const client = await temporalOf(input, config, { aws: connection.aws(), secretArn });
    try {
      if ((await pollersOf(client, taskQueue)).length === 0) throw noWorker(taskQueue);
      input.signal.throwIfAborted();
      const outcomes = await runWorkflows(client, { ...request, taskQueue }, input.signal, (outcome) => {
        input.io.note(outcome.ok ? `✔ ${outcome.workflowId}` : `✖ ${outcome.workflowId}: ${outcome.reason}`);
      });
      const failed = outcomes.filter((outcome) => !outcome.ok).length;
      input.io.result(outcomes.map(resultLine).join('\n'), { taskQueue, failed, outcomes });
      return failed === 0 ? EXIT.done : EXIT.failed;
    } finally {
      await client.connection.close();
    }
  });
}

/** That of --task-queue, or of the worker that is asked for, or of the first. */
function taskQueueOf(input: CommandInput, config: StackConfig): string {
  const [worker] = workersAsked(input, config);
  return String(input.flags.answers.taskQueue ?? worker?.taskQueue ?? '');
}

/** A string result stands for itself, so that a script can use it as it is. */
function resultLine(outcome: WorkflowOutcome): string {
  if (!outcome.ok) return `${outcome.workflowId} failed: ${outcome.reason}`;
  return typeof outcome.result === 'string' ? outcome.result : JSON.stringify(outcome.result);
}

function parseInput(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw usageError(
      `--input is not JSON: ${(cause as Error).message}`,
      `Write it like ${DEFAULT_INPUT}, in single quotes.`,
    );
  }
}

function wholeNumber(flag: string, value: string | boolean | undefined, otherwise: number, most: number): number {
  if (value === undefined) return otherwise;
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= most) return number;
  throw usageError(`${flag} ${String(value)} is not a whole number from 1 to ${most}`, `Give one, such as ${flag} 1.`);
}

function noWorker(taskQueue: string): UserError {
  return new UserError({
    code: 'NO_WORKER',
    message: `no worker polls task queue ${taskQueue}, so nothing would run; no workflow was started`,
    fix: 'See why with temporal-fargate status and temporal-fargate logs.',
  });
}
