import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface ConnectProxy {
  /** `127.0.0.1:port` */
  readonly address: string;
  /** Who was asked for, in order: `host:port`. */
  readonly targets: string[];
  /** `user:password` that it asks for; nothing when left out. */
  login: string | undefined;
  /** Status that it refuses everybody with. */
  refuses: number | undefined;
  stop(): Promise<void>;
}

/** An HTTP proxy that lets connections through (CONNECT). `route` is its DNS: where a target really is. */
export async function startConnectProxy(route: (target: string) => string): Promise<ConnectProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(405).end());
  const proxy = {
    address: '',
    targets: [] as string[],
    login: undefined as string | undefined,
    refuses: undefined as number | undefined,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
  const refusal = ({ headers }: IncomingMessage): number | undefined => {
    const login = proxy.login && `Basic ${Buffer.from(proxy.login).toString('base64')}`;
    return proxy.refuses ?? (login && headers['proxy-authorization'] !== login ? 407 : undefined);
  };
  server.on('connection', (socket) => sockets.add(socket));
  server.on('connect', (request: IncomingMessage, near: Socket) => {
    const target = request.url ?? '';
    proxy.targets.push(target);
    near.on('error', () => undefined);
    const status = refusal(request);
    if (status !== undefined) {
      near.end(`HTTP/1.1 ${status} Refused\r\n\r\n`);
      return;
    }
    const [host, port] = route(target).split(':');
    const far = connect(Number(port), host, () => {
      near.write('HTTP/1.1 200 Connection established\r\n\r\n');
      near.pipe(far).pipe(near);
    });
    sockets.add(far);
    far.on('error', () => near.destroy());
    far.on('close', () => near.destroy());
    near.on('close', () => far.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  proxy.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return proxy;
}
