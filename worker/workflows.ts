import { proxyActivities } from '@temporalio/workflow';
// Types only: workflow code is bundled apart and runs in a sandbox where activities cannot.
import type { Activities, MessageInput } from './activities.ts';

const { writeMessage } = proxyActivities<Activities>({
  startToCloseTimeout: '1 minute',
  retry: {
    initialInterval: '1 second',
    maximumInterval: '30 seconds',
    maximumAttempts: 5,
    nonRetryableErrorTypes: ['InvalidInput'],
  },
});

/** Writes the message to the data bucket and returns the file's `s3://bucket/key` path. */
export async function MessageWorkflow(input: MessageInput): Promise<string> {
  return await writeMessage(input);
}
