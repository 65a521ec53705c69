import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CommandInput } from '../../src/commands/input.ts';
import { temporalOf } from '../../src/commands/temporal-access.ts';
import type { StackConfig } from '../../src/config/schema.ts';
import { type ConnectProxy, startConnectProxy } from '../helpers/connect-proxy.ts';
import { useFronts } from '../helpers/temporal-front.ts';

const fronts = useFronts();
/** Names that only the proxy knows; the first is that of the certificate. */
const WITH_TLS = 'temporal.internal:7233';
const PLAIN = 'plain.internal:7233';
let proxy: ConnectProxy;
beforeAll(async () => {
  const apiKeys = () => [{ key: 'good' }];
  const front = await fronts.front({ auth: 'api-key', apiKeys, certificate: 'server-named' });
  const places: Record<string, string> = { [WITH_TLS]: front.address, [PLAIN]: fronts.backend.address };
  proxy = await startConnectProxy((target) => (places[target] ?? '').replace('localhost', '127.0.0.1'));
}, 120_000);
beforeEach(() => {
  Object.assign(proxy, { login: undefined, refuses: undefined });
  proxy.targets.length = 0;
});
afterAll(() => proxy?.stop());
afterEach(() => vi.unstubAllEnvs());

/** Connects as the commands do, to a stack with this server. */
async function connectTo(address: string, env: NodeJS.ProcessEnv, serverCaCert?: string): Promise<void> {
  const tls = address === WITH_TLS;
  const input = { env, flags: { paths: {} }, io: { keepSecret: () => undefined } } as unknown as CommandInput;
  const temporal = { address, namespace: 'default', tls, auth: tls ? 'api-key' : 'none', serverCaCert };
  const given = tls ? JSON.stringify({ TEMPORAL_API_KEY: 'good' }) : undefined;
  const client = await temporalOf(input, { temporal } as StackConfig, { given });
  await client.connection.close();
}

describe('A Temporal server behind a proxy', () => {
  it('is reached through it, with TLS and an API key, and a login of the proxy', async () => {
    proxy.login = 'ada:s3cret@home';
    await connectTo(WITH_TLS, { HTTPS_PROXY: `http://ada:s3cret%40home@${proxy.address}` }, fronts.pem('ca'));
    expect(new Set(proxy.targets)).toEqual(new Set([WITH_TLS]));
    expect(proxy.targets.length).toBeGreaterThan(1);
  });

  it('is reached through it without TLS', async () => {
    await connectTo(PLAIN, { https_proxy: proxy.address });
    expect(new Set(proxy.targets)).toEqual(new Set([PLAIN]));
  });

  it('says what is wrong with it as it does without a proxy', async () => {
    const stranger = fronts.pem('stranger-ca');
    await expect(connectTo(WITH_TLS, { HTTPS_PROXY: proxy.address }, stranger)).rejects.toMatchObject({
      code: 'TEMPORAL_TLS',
      message: `connecting to Temporal at ${WITH_TLS}: the server's certificate is signed by a CA that is not trusted`,
    });
  });

  it('on this machine is reached directly, whatever the variables say', async () => {
    const https_proxy = 'http://127.0.0.1:9';
    // Which the library would read by itself.
    vi.stubEnv('https_proxy', https_proxy);
    await expect(connectTo(fronts.backend.address, { https_proxy })).resolves.toBeUndefined();
  });
});

describe('A proxy before Temporal that is in the way', () => {
  it.each([
    [
      'because it is down',
      {},
      'http://127.0.0.1:9',
      {
        code: 'PROXY_UNREACHABLE',
        message: `connecting to ${WITH_TLS}: the proxy 127.0.0.1:9 (HTTPS_PROXY) does not answer: connect ECONNREFUSED 127.0.0.1:9`,
      },
    ],
    [
      'because it refuses',
      { refuses: 403 },
      '',
      { code: 'PROXY_REFUSED', message: expect.stringContaining('does not let it through (HTTP 403)') },
    ],
    [
      'because it wants a login',
      { login: 'a:b' },
      '',
      { code: 'PROXY_LOGIN', fix: expect.stringContaining('Give them in HTTPS_PROXY') },
    ],
    [
      'because it speaks TLS',
      {},
      'https://proxy.corp:3128',
      {
        code: 'PROXY_UNUSABLE',
        message: expect.stringContaining(
          'its client cannot speak TLS to a proxy, as proxy.corp:3128 (HTTPS_PROXY) wants it',
        ),
      },
    ],
  ])('%s is named', async (_why, its, url, error) => {
    Object.assign(proxy, its);
    await expect(connectTo(WITH_TLS, { HTTPS_PROXY: url || proxy.address }, fronts.pem('ca'))).rejects.toMatchObject(
      error,
    );
  });
});
