import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, describe, it } from 'vitest';
import { eventually } from '../helpers/emulator.ts';
import { tcpProxy } from '../helpers/tcp-proxy.ts';
import { useFronts } from '../helpers/temporal-front.ts';
import { logged, useWorkers } from './stage.ts';
import { healthCheck } from './worker-process.ts';

const fronts = useFronts();
const start = useWorkers();
const silent: Server[] = [];
const callers: Socket[] = [];
afterAll(() => {
  for (const socket of callers) socket.destroy();
  for (const server of silent) server.close();
});

/** A server that takes connections and never says a word. @returns its `127.0.0.1:port`, and how it is called */
async function silentServer(): Promise<{ address: string; called(): Promise<unknown> }> {
  let calls = 0;
  const server = createServer((socket) => {
    calls += 1;
    callers.push(socket.on('error', () => undefined));
  });
  silent.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { address, called: () => eventually('a call', async () => calls > 0) };
}

const OUTAGE = 'Temporal cannot be reached';
const CLEAN = { code: 0, signal: null };

describe.concurrent('a server that cannot be reached', () => {
  it('is waited for, and found when it comes up', async ({ expect }) => {
    const proxy = await tcpProxy(fronts.backend.address);
    const worker = start({ TEMPORAL_ADDRESS: proxy.address });
    expect(await logged(worker, OUTAGE)).toMatchObject({ level: 'WARN', address: proxy.address, attempt: 1 });
    expect(healthCheck(worker.tmp)).toBe(1);
    await proxy.serve();
    await eventually('the health check', async () => healthCheck(worker.tmp) === 0);
    expect(worker.lines().map(({ message }) => message)).toContain('polling');
    await proxy.cut();
  });

  it('because nobody knows its name is waited for too', async ({ expect }) => {
    const worker = start({ TEMPORAL_ADDRESS: 'no-such-host.invalid', TEMPORAL_TLS: 'true' });
    await eventually('the second attempt', async () => worker.lines().some(({ attempt }) => attempt === 2));
    expect(await logged(worker, OUTAGE)).toMatchObject({ level: 'WARN' });
    expect(worker.child.exitCode).toBe(null);
  });
});

describe.concurrent('a stop signal', () => {
  it.for(['SIGTERM', 'SIGINT'] as const)(
    '(%s) ends a worker at once that has not connected yet',
    async (signal, { expect }) => {
      const agent = await silentServer();
      const worker = start({
        TEMPORAL_ADDRESS: fronts.backend.address,
        ECS_CONTAINER_METADATA_URI_V4: `http://${agent.address}/v4/x`,
      });
      await agent.called();
      worker.child.kill(signal);
      expect(await worker.ended).toEqual(CLEAN);
      expect(worker.lines().at(-1)).toMatchObject({ level: 'INFO', message: 'stopped before polling', signal });
    },
  );

  it('ends a worker at once that waits for a server which accepts but never answers', async ({ expect }) => {
    const server = await silentServer();
    const worker = start({ TEMPORAL_ADDRESS: server.address });
    await server.called();
    worker.child.kill('SIGTERM');
    expect(await worker.ended).toEqual(CLEAN);
  });

  it('ends a worker at once that waits for the next attempt', async ({ expect }) => {
    const worker = start({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
    await logged(worker, OUTAGE);
    worker.child.kill('SIGTERM');
    expect(await worker.ended).toEqual(CLEAN);
  });

  it('ends a polling worker whose server is down', async ({ expect }) => {
    const proxy = await tcpProxy(fronts.backend.address);
    await proxy.serve();
    const worker = start({ TEMPORAL_ADDRESS: proxy.address });
    await logged(worker, 'polling');
    await proxy.cut();
    worker.child.kill('SIGTERM');
    expect(await worker.ended).toEqual(CLEAN);
  });

  it('ends a worker whose server hangs before ECS would kill it', async ({ expect }) => {
    const proxy = await tcpProxy(fronts.backend.address);
    await proxy.serve();
    const worker = start({ TEMPORAL_ADDRESS: proxy.address, TEMPORAL_FARGATE_STOP_TIMEOUT: '3' });
    await logged(worker, 'polling');
    proxy.silence();
    worker.child.kill('SIGTERM');
    // run() waits for the answer to its last call, although nothing is left to drain.
    expect(await worker.ended).toEqual({ code: 1, signal: null });
    expect(worker.lines().at(-1)).toMatchObject({ message: 'draining took too long', hardMs: 2800, state: 'STOPPED' });
    await proxy.cut();
  });
});
