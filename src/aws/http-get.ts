import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { HttpRequest } from '@smithy/core/protocols';
import type { EnvironmentHandler } from './http-handler.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** Reads a public file by the way of AWS's calls: proxies and CAs. Rejects with `signal.reason` when that aborts. */
export async function httpGet(handler: EnvironmentHandler, url: string, signal: AbortSignal): Promise<HttpAnswer> {
  const { status, headers, body } = await httpOpen(handler, url, { 'accept-encoding': 'gzip' }, signal);
  try {
    const content = await buffer(body);
    const text = headers['content-encoding'] === 'gzip' ? gunzipSync(content) : content;
    return { status, text: text.toString('utf8') };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

export interface OpenAnswer {
  readonly status: number;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Fails when the signal aborts. */
  readonly body: Readable;
}

/** The head of an answer, and its body while it comes. Rejects with `signal.reason` when that aborts. */
export async function httpOpen(
  handler: EnvironmentHandler,
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<OpenAnswer> {
  const { protocol, host, hostname, port, pathname, search } = new URL(url);
  const request = new HttpRequest({
    ...{ protocol, hostname, path: pathname + search, method: 'GET' },
    ...(port === '' ? {} : { port: Number(port) }),
    headers: { host, ...headers },
  });
  try {
    const { response } = await handler.handle(request, { abortSignal: signal });
    const body = response.body as Readable;
    // The handler forgets the signal once the headers are there.
    const stop = (): unknown => body.destroy();
    signal.addEventListener('abort', stop, { once: true });
    body.once('close', () => signal.removeEventListener('abort', stop));
    return { status: response.statusCode, headers: response.headers, body };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
