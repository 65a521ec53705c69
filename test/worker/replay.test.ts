import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { DefaultLogger, Runtime, Worker } from '../../worker/node_modules/@temporalio/worker/lib/index.js';
import { builtWorker } from './worker-process.ts';

const kept = readFileSync(new URL('message-workflow.history.json', import.meta.url), 'utf8');
beforeAll(() => {
  const logging = { forward: {}, filter: { core: 'ERROR', other: 'ERROR' } } as const;
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined), telemetryOptions: { logging } });
});

/** What today's workflows make of a history as `temporal workflow show --output json` prints it. */
async function replay(history: string): Promise<Error | undefined> {
  const workflowBundle = { codePath: join(builtWorker, 'workflow-bundle.js') };
  const histories = [{ workflowId: 'kept', history: JSON.parse(history) as unknown }];
  for await (const { error } of Worker.runReplayHistories({ workflowBundle }, histories)) return error;
  throw new Error('nothing was replayed');
}

describe('the history of an earlier run, as JSON', () => {
  it('replays with the workflows of today', async () => {
    expect(await replay(kept)).toBeUndefined();
  });

  it('does not replay when the workflow asks for other activities than it did', async () => {
    expect((await replay(kept.replaceAll('"writeMessage"', '"sendMessage"')))?.name).toBe('DeterminismViolationError');
  });
});
