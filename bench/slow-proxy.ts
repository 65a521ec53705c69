import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SlowProxy {
  readonly port: number;
  /** Added to every call from now on, in milliseconds. */
  slow(ms: number): void;
  stop(): Promise<void>;
}

/**
 * A reverse proxy on 127.0.0.1 that makes an emulator as far away as AWS is: every call takes `ms` longer, however many
 * are under way. Requests pass as they are, Host header and signature included. `target` may be named later than the
 * port is known: an emulator has to be told of the port.
 */
export async function slowProxy(target: () => string): Promise<SlowProxy> {
  const agent = new Agent({ keepAlive: true });
  let ms = 0;
  const server = createServer((incoming, answer) => {
    const { method, url, rawHeaders } = incoming;
    setTimeout(() => {
      const passed = request(
        new URL(url ?? '/', target()),
        { method, agent, headers: rawHeaders as never },
        (reply) => {
          answer.writeHead(reply.statusCode ?? 502, reply.rawHeaders as never);
          reply.pipe(answer);
        },
      );
      passed.on('error', () => answer.destroy());
      incoming.pipe(passed);
    }, ms);
  });
  // A client may keep its connections for as long as it likes, as with AWS.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    slow: (added) => {
      ms = added;
    },
    stop: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
