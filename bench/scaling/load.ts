import { Client, Connection } from '@temporalio/client';

/** What became of workflows. */
export interface LoadReport {
  readonly started: number;
  readonly completed: number;
  /** "workflow id: what it says", of each that did not complete. */
  readonly failures: readonly string[];
}

export interface Load {
  /** Starts no more, and waits for those that run. */
  end(): Promise<LoadReport>;
}

/** Starts so many workflows a second, whatever becomes of those before: their work is the same on every machine. */
export async function startLoad(options: {
  readonly address: string;
  readonly taskQueue: string;
  readonly perSecond: number;
  readonly message: string;
}): Promise<Load> {
  const connection = await Connection.connect({ address: options.address });
  const client = new Client({ connection });
  const running: Promise<void>[] = [];
  const failures: string[] = [];
  let completed = 0;
  const one = async (workflowId: string): Promise<void> => {
    const args = [{ message: options.message }];
    try {
      await client.workflow.execute('MessageWorkflow', { workflowId, taskQueue: options.taskQueue, args });
      completed += 1;
    } catch (error) {
      failures.push(`${workflowId}: ${String(error)}`);
    }
  };
  const timer = setInterval(() => running.push(one(`load-${running.length + 1}`)), 1000 / options.perSecond);
  return {
    end: async () => {
      clearInterval(timer);
      await Promise.all(running);
      await connection.close();
      return { started: running.length, completed, failures };
    },
  };
}
