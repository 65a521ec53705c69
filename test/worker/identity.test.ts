import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../worker/config.ts';
import { workerIdentity } from '../../worker/identity.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
let server: Server | undefined;
afterEach(() => server?.close());

function configWith(env: Record<string, string>) {
  return readConfig({
    TEMPORAL_ADDRESS: 'localhost',
    TEMPORAL_NAMESPACE: 'default',
    TEMPORAL_TASK_QUEUE: 'q',
    DATA_BUCKET: 'b',
    ...env,
  });
}

/** Answers in turn like the ECS agent. @returns the base URL */
async function metadata(...answers: { status: number; body: string }[]): Promise<string> {
  const agent = createServer((request, response) => {
    const { status, body } = answers.shift() ?? { status: 404, body: '{}' };
    response.writeHead(request.url === '/v4/abc/task' ? status : 404).end(body);
  });
  server = agent;
  await new Promise<void>((listening) => agent.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${(agent.address() as AddressInfo).port}/v4/abc`;
}

const task = { status: 200, body: '{"TaskARN":"arn:aws:ecs:us-east-1:123456789012:task/dev/0af1"}' };

describe('the worker’s identity', () => {
  it('is stack, task id and image', async () => {
    const uri = await metadata(task);
    const config = configWith({
      TEMPORAL_FARGATE_STACK: 'dev',
      TEMPORAL_FARGATE_IMAGE_DIGEST: digest,
      ECS_CONTAINER_METADATA_URI_V4: uri,
    });
    expect(await workerIdentity(config)).toBe('dev/0af1/0123456789ab');
  });

  it('asks the ECS agent again when it is not ready', async () => {
    const uri = await metadata({ status: 500, body: 'starting' }, task);
    expect(await workerIdentity(configWith({ ECS_CONTAINER_METADATA_URI_V4: uri }))).toBe('local/0af1/local');
  });

  it('is the host’s name outside ECS', async () => {
    expect(await workerIdentity(configWith({}))).toBe(`local/${hostname()}/local`);
  });
});
