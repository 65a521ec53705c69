import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SlowProxy {
  readonly port: number;
  /** Added to every call from now on, in milliseconds. */
  slow(ms: number): void;
  /** Milliseconds from a call to its answer from now on, at the least. */
  hold(ms: number): void;
  stop(): Promise<void>;
}

/**
 * A reverse proxy on 127.0.0.1 that makes an emulator as far away as AWS is: every call takes `ms` longer, however many
 * are under way. Or it holds answers back, so that calls take as long as each other where the emulator is slower for some
 * than for others. Requests pass as they are, Host header and signature included. `target` may be named later than the
 * port is known: an emulator has to be told of the port.
 */
export async function slowProxy(target: () => string): Promise<SlowProxy> {
  const agent = new Agent({ keepAlive: true });
  let ms = 0;
  let least = 0;
  const server = createServer((incoming, answer) => {
    const { method, url, rawHeaders } = incoming;
    const cameAt = performance.now();
    setTimeout(() => {
      const passed = request(
        new URL(url ?? '/', target()),
        { method, agent, headers: rawHeaders as never },
        (reply) => {
          const pass = (): void => {
            answer.writeHead(reply.statusCode ?? 502, reply.rawHeaders as never);
            reply.pipe(answer);
          };
          const left = least - (performance.now() - cameAt);
          if (left > 0) setTimeout(pass, left);
          else pass();
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
    hold: (atLeast) => {
      least = atLeast;
    },
    stop: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
