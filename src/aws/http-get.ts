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
  const { protocol, host, hostname, port, pathname, search } = new URL(url);
  const request = new HttpRequest({
    ...{ protocol, hostname, path: pathname + search, method: 'GET' },
    ...(port === '' ? {} : { port: Number(port) }),
    headers: { host, 'accept-encoding': 'gzip' },
  });
  try {
    const { response } = await handler.handle(request, { abortSignal: signal });
    const body = response.body as Readable;
    // The handler forgets the signal once the headers are there.
    const stop = (): unknown => body.destroy();
    signal.addEventListener('abort', stop, { once: true });
    const content = await buffer(body).finally(() => signal.removeEventListener('abort', stop));
    const text = response.headers['content-encoding'] === 'gzip' ? gunzipSync(content) : content;
    return { status: response.statusCode, text: text.toString('utf8') };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
