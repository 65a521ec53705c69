import { createHash, createHmac } from 'node:crypto';
import { request as forward, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { EmulatorAddress } from '../../src/sandbox/emulator.ts';

export interface TlsFront {
  /** `127.0.0.1:port` */
  readonly address: string;
  stop(): Promise<void>;
}

/**
 * TLS in front of an emulator, under whatever name its certificate has. The emulator takes only requests that are signed for
 * this machine, so each is signed again.
 */
export async function startTlsFront(
  emulator: EmulatorAddress,
  certificate: { readonly cert: string; readonly key: string },
): Promise<TlsFront> {
  const { host, hostname, port } = new URL(emulator.endpoint);
  const server = createServer(certificate, async (incoming, response) => {
    const body = await buffer(incoming);
    const headers = signedAgain(incoming, body, host, emulator.secretAccessKey);
    const outgoing = forward({ hostname, port, path: incoming.url, method: incoming.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    outgoing.end(body);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();

/** The same headers for another host (AWS Signature Version 4; paths are taken as they are). */
function signedAgain(request: IncomingMessage, body: Buffer, host: string, secret: string): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = { ...request.headers, host };
  const [, credential = '', names = ''] =
    /Credential=([^,]+), *SignedHeaders=([^,]+)/.exec(headers.authorization ?? '') ?? [];
  const [, ...scope] = credential.split('/');
  const url = new URL(request.url ?? '/', `http://${host}`);
  const query = [...url.searchParams].map((pair) => pair.map(encodeURIComponent).join('=')).sort();
  const canonical = [
    request.method,
    url.pathname,
    query.join('&'),
    ...names.split(';').map((name) => `${name}:${String(headers[name] ?? '').trim()}`),
    '',
    names,
    headers['x-amz-content-sha256'] ?? sha256(body),
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope.join('/'), sha256(canonical)].join('\n');
  const key = scope.reduce<string | Buffer>((last, part) => hmac(last, part), `AWS4${secret}`);
  const signature = hmac(key, toSign).toString('hex');
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
  };
}
