import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** How strangers are told from workers: `none` is TLS alone. */
export type FrontAuth = 'none' | 'api-key' | 'mtls';

export interface AcceptedKey {
  readonly key: string;
  readonly expiresAt?: Date | undefined;
}

export interface FrontOptions {
  /** `host:port` of the plain server behind. */
  readonly backend: string;
  /** Folder with the files of certificates.py. */
  readonly certificates: string;
  /** Which of them the server shows; `server`, for this machine, when left out. */
  readonly certificate?: 'server' | 'server-named' | undefined;
  readonly auth: FrontAuth;
  /** Asked at every call: a key that is not among them any more is refused from then on. */
  readonly apiKeys?: (() => readonly AcceptedKey[]) | undefined;
  /** The only namespaces that the credentials may use, `name.account` in Temporal Cloud; any when left out. */
  readonly namespaces?: readonly string[] | undefined;
}

export interface TemporalFront {
  /** `localhost:port` */
  readonly address: string;
  stop(): Promise<void>;
}

/** gRPC status codes (grpc/grpc, doc/statuscodes.md). */
const PERMISSION_DENIED = 7;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

/**
 * TLS, client certificates and API keys in front of the sandbox's Temporal server, which itself speaks plain gRPC and
 * checks nothing: as Temporal Cloud answers, call by call. Loopback only.
 */
export async function startTemporalFront(options: FrontOptions): Promise<TemporalFront> {
  const pem = (name: string): string => readFileSync(join(options.certificates, name), 'utf8');
  const shown = options.certificate ?? 'server';
  const server = http2.createSecureServer({
    key: pem(`${shown}.key`),
    cert: pem(`${shown}.pem`),
    ...(options.auth === 'mtls' ? { ca: pem('ca.pem'), requestCert: true, rejectUnauthorized: true } : {}),
  });
  const sessions = new Set<http2.ServerHttp2Session>();
  const backend = connectBackend(options.backend);
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => undefined);
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    const refusal = refusalOf(options, headers);
    if (refusal === undefined) forward(backend.session(), stream, headers);
    else answer(stream, refusal, 'Request unauthorized.');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    address: `localhost:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const session of sessions) session.destroy();
      backend.close();
      await closed;
    },
  };
}

/** One connection to the server behind, made anew when it has ended. */
function connectBackend(address: string): { session(): http2.ClientHttp2Session; close(): void } {
  let current: http2.ClientHttp2Session | undefined;
  return {
    session: () => {
      if (current === undefined || current.closed || current.destroyed) {
        current = http2.connect(`http://${address}`);
        // Without a listener a lost server would end this process; its calls fail one by one.
        current.on('error', () => undefined);
      }
      return current;
    },
    close: () => current?.destroy(),
  };
}

/**
 * The status that Temporal Cloud refuses a call with, if it does: UNAUTHENTICATED for a key that it does not know (any
 * more), PERMISSION_DENIED for a namespace that is not one of the account's (temporalio/sdk-typescript#1765).
 */
function refusalOf(options: FrontOptions, headers: http2.IncomingHttpHeaders): number | undefined {
  if (options.auth === 'api-key' && !accepts(options.apiKeys?.() ?? [], headers.authorization)) return UNAUTHENTICATED;
  const namespace = headers['temporal-namespace'];
  const foreign = typeof namespace === 'string' && options.namespaces && !options.namespaces.includes(namespace);
  return foreign ? PERMISSION_DENIED : undefined;
}

function accepts(keys: readonly AcceptedKey[], authorization: string | undefined): boolean {
  const given = Buffer.from(authorization ?? '');
  return keys.some(({ key, expiresAt }) => {
    const wanted = Buffer.from(`Bearer ${key}`);
    const same = wanted.length === given.length && timingSafeEqual(wanted, given);
    return same && (expiresAt === undefined || expiresAt.getTime() > Date.now());
  });
}

/** A gRPC error is an HTTP success whose headers say otherwise. */
function answer(stream: http2.ServerHttp2Stream, status: number, message: string): void {
  if (stream.destroyed || stream.headersSent) return;
  stream.respond(
    { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': String(status), 'grpc-message': message },
    { endStream: true },
  );
}

/** The same call on the server behind; headers, bodies and trailers go through, and both sides end together. */
function forward(
  backend: http2.ClientHttp2Session,
  stream: http2.ServerHttp2Stream,
  headers: http2.IncomingHttpHeaders,
): void {
  const { ':authority': _authority, ':scheme': _scheme, ...passed } = headers;
  const call = backend.request(passed);
  let trailers: http2.IncomingHttpHeaders = {};
  call.on('response', (received) => {
    if (stream.destroyed) return;
    // A refusal consists of headers alone, which then hold the status that trailers would.
    if (received['grpc-status'] !== undefined) stream.respond(received, { endStream: true });
    else stream.respond(received, { waitForTrailers: true });
  });
  call.on('trailers', (received) => {
    trailers = received;
  });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  call.on('error', () => answer(stream, UNAVAILABLE, 'the server behind does not answer'));
  stream.on('aborted', () => call.close(http2.constants.NGHTTP2_CANCEL));
  stream.on('close', () => call.close());
  stream.pipe(call);
  call.pipe(stream);
}
