import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  /** `127.0.0.1:port`, the same for its whole life. */
  readonly address: string;
  /** Connections are taken and passed on; also after `cut`. */
  serve(): Promise<void>;
  /** Connections stay open and are still taken, and nobody answers: a server that hangs. */
  silence(): void;
  /** All connections end, and new ones are refused: a server that is down. */
  cut(): Promise<void>;
}

/** A TCP proxy before a server that can fail as the network and hosts do. It begins as a server that is down. */
export async function tcpProxy(backend: string): Promise<TcpProxy> {
  const [host = '', port] = backend.split(':');
  const pairs = new Set<[Socket, Socket]>();
  let silent = false;
  const server = createServer((near) => {
    const far = connect(Number(port), host);
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    for (const [from, to] of [pair, [far, near]] as const) {
      from.on('data', (bytes) => silent || to.write(bytes));
      from.on('error', () => undefined);
      from.on('close', () => {
        to.destroy();
        pairs.delete(pair);
      });
    }
  });
  const listen = (at: number): Promise<void> =>
    new Promise((resolve, reject) => server.once('error', reject).listen(at, '127.0.0.1', resolve));
  const cut = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const [near, far] of pairs) for (const socket of [near, far]) socket.destroy();
    await closed;
  };
  await listen(0);
  const own = (server.address() as AddressInfo).port;
  await cut();
  return {
    address: `127.0.0.1:${own}`,
    serve: async () => {
      silent = false;
      if (!server.listening) await listen(own);
    },
    silence: () => {
      silent = true;
    },
    cut,
  };
}
