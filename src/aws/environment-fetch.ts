import { Readable } from 'node:stream';
import { httpOpen } from './http-get.ts';
import { EnvironmentHandler } from './http-handler.ts';

const MOST_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** The part of `fetch` that reading takes. */
export interface FetchOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * A `fetch` that reads public files by the way of AWS's calls: Node's own knows neither the proxy nor the CAs of the
 * environment. Redirects are followed; who they lead to is told no authorization that was meant for another.
 *
 * It rejects with a usage error when AWS_CA_BUNDLE cannot be used.
 */
export function environmentFetch(env: NodeJS.ProcessEnv): (url: string, options: FetchOptions) => Promise<Response> {
  let handler: EnvironmentHandler | undefined;
  return async (first, { headers: given, signal }) => {
    handler ??= new EnvironmentHandler(env);
    let url = first;
    let headers = given;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      const answer = await httpOpen(handler, url, headers, signal);
      const { location } = answer.headers;
      if (!REDIRECTS.has(answer.status) || location === undefined) return response(answer);
      answer.body.destroy();
      const next = new URL(location, url);
      if (next.origin !== new URL(url).origin) headers = withoutAuthorization(headers);
      url = next.href;
    }
    throw new Error(`more than ${MOST_REDIRECTS} redirects, the last to ${new URL(url).host}`);
  };
}

function response({ status, headers, body }: Awaited<ReturnType<typeof httpOpen>>): Response {
  return new Response(Readable.toWeb(body) as ReadableStream<Uint8Array>, { status, headers });
}

function withoutAuthorization(headers: FetchOptions['headers']): FetchOptions['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'));
}
