import { Agent as HttpAgent, request as plainRequest } from 'node:http';
import { Agent as HttpsAgent, request as tlsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type HttpProxy, loginOf } from './proxy.ts';

/**
 * A proxy that does not answer, or does not let a connection through. What made it fail is its cause, so that the SDK
 * knows a lost connection and tries again; a refusal has a status and no cause.
 */
export class ProxyError extends Error {
  override readonly name: string = 'ProxyError';
  readonly proxy: HttpProxy;
  /** `host:port` of who was to be reached. */
  readonly target: string;
  /** HTTP status of the refusal. */
  readonly status: number | undefined;

  constructor(proxy: HttpProxy, target: string, why: { status: number } | { cause: Error }) {
    const reason = 'status' in why ? `HTTP ${why.status}` : why.cause.message;
    super(`proxy ${proxy.url.host}: ${reason}`, 'cause' in why ? { cause: why.cause } : undefined);
    this.proxy = proxy;
    this.target = target;
    this.status = 'status' in why ? why.status : undefined;
  }
}

/** Known by its fields: the SDK renames errors of lost connections. */
export const isProxyError = (error: unknown): error is ProxyError =>
  error instanceof Error && 'proxy' in error && 'target' in error;

/** Milliseconds that a proxy has to connect and to let a connection through. */
const TUNNEL_TIMEOUT_MS = 5_000;

/** A connection to the host through the proxy (RFC 9110, 9.3.6 CONNECT). Rejects with `ProxyError`. */
export function openTunnel(
  proxy: HttpProxy,
  host: string,
  port: number,
  timeoutMs = TUNNEL_TIMEOUT_MS,
): Promise<Socket> {
  const { url } = proxy;
  const target = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const login = loginOf(url);
  const request = (url.protocol === 'https:' ? tlsRequest : plainRequest)({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    method: 'CONNECT',
    path: target,
    headers: {
      host: target,
      ...(login === undefined ? {} : { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` }),
    },
    agent: false,
    timeout: timeoutMs,
  });
  return new Promise((resolve, reject) => {
    request.once('connect', ({ statusCode = 0 }, socket, head) => {
      if (statusCode === 200) {
        socket.setTimeout(0);
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(new ProxyError(proxy, target, { status: statusCode }));
    });
    request.once('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
    request.once('error', (cause) => reject(new ProxyError(proxy, target, { cause })));
    request.end();
  });
}

type OnCreated = (error: Error | null, stream: Duplex) => void;

/** What an agent is told of a connection. */
interface Where {
  readonly host?: string | null | undefined;
  readonly port?: string | number | null | undefined;
}

function connectThrough(
  proxy: HttpProxy,
  where: Where,
  finish: (socket: Socket) => Duplex,
  done?: OnCreated,
): undefined {
  openTunnel(proxy, where.host ?? '', Number(where.port)).then(
    (socket) => done?.(null, finish(socket)),
    (error) => done?.(error, undefined as never),
  );
}

/** Calls over TLS through a proxy; its `ca` option is for who is called, not for the proxy. */
export class TlsTunnelAgent extends HttpsAgent {
  private readonly proxy: HttpProxy;
  constructor(proxy: HttpProxy, options: ConstructorParameters<typeof HttpsAgent>[0]) {
    super(options);
    this.proxy = proxy;
  }
  override createConnection(options: Where, done?: OnCreated): undefined {
    const upgrade = (socket: Socket): Duplex => super.createConnection({ ...options, socket } as Where) as Duplex;
    return connectThrough(this.proxy, options, upgrade, done);
  }
}

/** Plain calls through a proxy. */
export class PlainTunnelAgent extends HttpAgent {
  private readonly proxy: HttpProxy;
  constructor(proxy: HttpProxy, options: ConstructorParameters<typeof HttpAgent>[0]) {
    super(options);
    this.proxy = proxy;
  }
  override createConnection(options: Where, done?: OnCreated): undefined {
    return connectThrough(this.proxy, options, (socket) => socket, done);
  }
}
