import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { createSecureContext } from 'node:tls';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { usageError } from '../errors.ts';
import { type HttpProxy, proxyFor } from './proxy.ts';
import { PlainTunnelAgent, TlsTunnelAgent } from './tunnel.ts';

/** Every call has an end: SIGINT finishes the call in flight, so it may not hang. */
const CONNECTION_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 30_000;

const AGENT = { keepAlive: true, maxSockets: 50 };

/**
 * Sends AWS's calls the way this environment wants it: through the proxy of HTTPS_PROXY or HTTP_PROXY where NO_PROXY does not
 * name the host, and trusting the CAs of AWS_CA_BUNDLE. The SDK by itself reads none of them.
 */
export class EnvironmentHandler extends NodeHttpHandler {
  private readonly env: NodeJS.ProcessEnv;
  private readonly ca: string | undefined;
  private readonly timeouts: { requestTimeout: number; throwOnRequestTimeout: boolean };
  private readonly proxied = new Map<string, NodeHttpHandler>();

  /** Throws a usage error when AWS_CA_BUNDLE cannot be used. */
  constructor(env: NodeJS.ProcessEnv, requestTimeoutMs = REQUEST_TIMEOUT_MS) {
    const ca = caBundle(env);
    const timeouts = { requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true };
    super({
      ...timeouts,
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      // An agent, not its options: for large bodies the handler would make another, which knows no CA.
      ...(ca === undefined ? {} : { httpsAgent: new Agent({ ...AGENT, ca }) }),
    });
    this.env = env;
    this.ca = ca;
    this.timeouts = timeouts;
  }

  override async handle(...[request, options]: Parameters<NodeHttpHandler['handle']>) {
    const { protocol, hostname, port } = request;
    const proxy = proxyFor(new URL(`${protocol}//${hostname}${port ? `:${port}` : ''}`), this.env);
    return proxy ? this.through(proxy).handle(request, options) : super.handle(request, options);
  }

  override destroy(): void {
    super.destroy();
    for (const handler of this.proxied.values()) handler.destroy();
  }

  private through(proxy: HttpProxy): NodeHttpHandler {
    const known = this.proxied.get(proxy.url.href);
    if (known) return known;
    const handler = new NodeHttpHandler({
      ...this.timeouts,
      httpsAgent: new TlsTunnelAgent(proxy, { ...AGENT, ca: this.ca }),
      httpAgent: new PlainTunnelAgent(proxy, AGENT),
    });
    this.proxied.set(proxy.url.href, handler);
    return handler;
  }
}

/** PEM of the CAs that take the place of the built-in ones, as in the AWS CLI. */
function caBundle({ AWS_CA_BUNDLE }: NodeJS.ProcessEnv): string | undefined {
  if (!AWS_CA_BUNDLE) return undefined;
  try {
    const ca = readFileSync(AWS_CA_BUNDLE, 'utf8');
    if (!ca.includes('-----BEGIN CERTIFICATE-----')) throw new Error('it holds no certificate');
    createSecureContext({ ca });
    return ca;
  } catch (cause) {
    throw usageError(
      `reading AWS_CA_BUNDLE (${AWS_CA_BUNDLE}): ${(cause as Error).message}`,
      'Name a file with the CA certificates in PEM form, or unset it.',
      'BAD_CA_BUNDLE',
    );
  }
}
