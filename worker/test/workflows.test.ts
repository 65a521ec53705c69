import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker, type WorkflowBundle } from '@temporalio/worker';
import type { Activities } from '../activities.ts';
import { MessageWorkflow } from '../workflows.ts';

/** The Temporal CLI on this machine, whose server runs the tests; without it the SDK downloads one and keeps it. */
const cli = process.env.TEMPORAL_CLI_PATH;

const logger = new DefaultLogger('ERROR');

let environment: TestWorkflowEnvironment;
let workflowBundle: WorkflowBundle;
before(async () => {
  Runtime.install({ logger });
  workflowBundle = await bundleWorkflowCode({ workflowsPath: join(import.meta.dirname, '../workflows.ts'), logger });
  const executable = cli === undefined ? undefined : ({ type: 'existing-path', path: cli } as const);
  environment = await TestWorkflowEnvironment.createLocal({ server: { ...(executable && { executable }) } });
});
after(() => environment.teardown());

/** Runs the workflow on a worker with the given activities. */
async function run(workflowId: string, activities: Partial<Activities>): Promise<string> {
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue: workflowId,
    workflowBundle,
    activities: { ...activities },
  });
  const options = { workflowId, taskQueue: workflowId, args: [{ message: 'hello' }] as [{ message: string }] };
  return await worker.runUntil(environment.client.workflow.execute(MessageWorkflow, options));
}

test('MessageWorkflow returns the path that the activity wrote to', async () => {
  const writeMessage = async () => 's3://data/hello.txt';
  assert.equal(await run('writes', { writeMessage }), 's3://data/hello.txt');
});

test('MessageWorkflow tries a failed activity again', async () => {
  let attempts = 0;
  const writeMessage = async () => {
    attempts += 1;
    if (attempts === 1) throw new Error('S3 is busy');
    return `attempt ${attempts}`;
  };
  assert.equal(await run('tries-again', { writeMessage }), 'attempt 2');
});
