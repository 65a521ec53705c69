import { randomUUID } from 'node:crypto';
import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowFailedError } from '@temporalio/client';
import { Cancelled, UserError } from '../errors.ts';

export interface WorkflowRequest {
  readonly type: string;
  readonly taskQueue: string;
  /** Of the single run, or the stem of several: `id-1`, `id-2`, ... Random when left out. */
  readonly workflowId?: string | undefined;
  readonly args: readonly unknown[];
  readonly count: number;
  readonly timeoutSeconds: number;
}

export type WorkflowOutcome =
  | { readonly workflowId: string; readonly ok: true; readonly result: unknown }
  | { readonly workflowId: string; readonly ok: false; readonly reason: string };

/** Starts the workflows side by side and waits for every one. A failed workflow is an outcome, not an error. */
export async function runWorkflows(
  client: Client,
  request: WorkflowRequest,
  signal: AbortSignal,
  onOutcome: (outcome: WorkflowOutcome) => void,
): Promise<WorkflowOutcome[]> {
  const stem = request.workflowId ?? `${request.type}-${randomUUID().slice(0, 8)}`;
  const ids = Array.from({ length: request.count }, (_, index) =>
    request.count === 1 ? stem : `${stem}-${index + 1}`,
  );
  return Promise.all(
    ids.map(async (workflowId) => {
      const outcome = await runOne(client, request, workflowId, signal);
      onOutcome(outcome);
      return outcome;
    }),
  );
}

async function runOne(
  client: Client,
  { type, taskQueue, args, timeoutSeconds }: WorkflowRequest,
  workflowId: string,
  signal: AbortSignal,
): Promise<WorkflowOutcome> {
  try {
    const handle = await client.workflow.start(type, {
      workflowId,
      taskQueue,
      args: [...args],
      workflowExecutionTimeout: timeoutSeconds * 1000,
    });
    // Cancels the long poll as well: an open one would keep the process alive for up to a minute.
    return { workflowId, ok: true, result: await client.withAbortSignal(signal, () => handle.result()) };
  } catch (error) {
    if (signal.aborted) throw new Cancelled('Stopped waiting. Workflows that were started go on.');
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      throw new UserError({
        code: 'WORKFLOW_EXISTS',
        message: `starting ${type}: a workflow with the id ${workflowId} runs already`,
        fix: 'Give another --workflow-id, or leave it out.',
        cause: error,
      });
    }
    if (error instanceof WorkflowFailedError) return { workflowId, ok: false, reason: rootCause(error) };
    throw error;
  }
}

/** "Workflow execution failed: Activity task failed: s3 says no" -> the last of them, which a person can act on. */
function rootCause(error: Error): string {
  let current: Error = error;
  while (current.cause instanceof Error) current = current.cause;
  return current.message || current.name;
}
