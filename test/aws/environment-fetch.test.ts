import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { environmentFetch } from '../../src/aws/environment-fetch.ts';
import { registryBase } from '../../src/image/registry-base.ts';
import { makeCertificates } from '../../src/sandbox/certificates.ts';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import { type ConnectProxy, startConnectProxy } from '../helpers/connect-proxy.ts';
import { testCacheDir } from '../helpers/emulator.ts';
import { TestRegistry } from '../helpers/registry.ts';

/** The name in the certificate, which only the proxy knows. */
const HOST = 'temporal.internal';
const folder = mkdtempSync(join(tmpdir(), 'environment-fetch-'));
const file = (name: string) => readFileSync(join(folder, name), 'utf8');
const registry = new TestRegistry();
let image: string;
let server: TlsServer;
let proxy: ConnectProxy;
beforeAll(async () => {
  await makeCertificates(await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined }), folder);
  await registry.listen();
  const { name } = await registry.add('24', [{ layers: [{ 'etc/debian_version': '12' }] }]);
  const [, address = '', path = ''] = /^([^/]+)\/(.*)$/.exec(name) ?? [];
  image = `${HOST}/${path}`;
  server = createTlsServer({ cert: file('server-named.pem'), key: file('server-named.key') }, (near) => {
    const far = connect(Number(address.split(':')[1]), '127.0.0.1');
    for (const socket of [near, far]) socket.on('error', () => [near, far].map((end) => end.destroy()));
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  proxy = await startConnectProxy(() => `127.0.0.1:${(server.address() as AddressInfo).port}`);
}, 60_000);
beforeEach(() => {
  proxy.targets.length = 0;
  proxy.refuses = undefined;
});
afterAll(async () => {
  await proxy?.stop();
  server?.close();
  await registry.close();
  rmSync(folder, { recursive: true });
});

const resolve = (env: NodeJS.ProcessEnv) =>
  registryBase(image).resolve('linux/amd64', {
    cacheDir: join(folder, 'cache'),
    note: () => undefined,
    fetch: environmentFetch(env),
  });

describe('a base image behind a proxy', () => {
  it('is read through it, with the CA of AWS_CA_BUNDLE', async () => {
    const base = await resolve({ HTTPS_PROXY: `http://${proxy.address}`, AWS_CA_BUNDLE: join(folder, 'ca.pem') });
    expect(base.env).toContain('NODE_VERSION=24.0.0');
    expect(new Set(proxy.targets)).toEqual(new Set([`${HOST}:443`]));
  });

  it('that nobody vouches for, or that the proxy refuses, is named with the reason', async () => {
    const env = { HTTPS_PROXY: `http://${proxy.address}` };
    await expect(resolve(env)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringMatching(/self-signed certificate|unable to verify|unable to get/),
    });
    proxy.refuses = 403;
    await expect(resolve(env)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringContaining(`proxy ${proxy.address}: HTTP 403`),
      fix: expect.stringContaining('proxy'),
    });
  });
});

describe('a redirect', () => {
  const asked: IncomingMessage[] = [];
  const servers: Server[] = [];
  const serve = async (location?: () => string): Promise<string> => {
    const http = createServer((request, response) => {
      asked.push(request);
      response.writeHead(location ? 307 : 200, location && { location: location() }).end('layer');
    });
    servers.push(http);
    await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening));
    return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  };
  afterAll(() => {
    for (const http of servers) http.close().closeAllConnections();
  });
  const read = (url: string) => {
    const headers = { authorization: 'Bearer token', range: 'bytes=5-' };
    return environmentFetch({})(url, { headers, signal: AbortSignal.timeout(5000) });
  };

  it('to where the bytes are stored is followed, and the token is not sent along', async () => {
    const store = await serve();
    const response = await read(`${await serve(() => `${store}/bytes?signed`)}/blobs/1`);
    expect([response.status, await response.text()]).toEqual([200, 'layer']);
    expect(asked.map(({ url, headers }) => [url, headers.authorization, headers.range])).toEqual([
      ['/blobs/1', 'Bearer token', 'bytes=5-'],
      ['/bytes?signed', undefined, 'bytes=5-'],
    ]);
  });

  it('that leads in a circle is an error', async () => {
    await expect(read(await serve(() => '/again'))).rejects.toThrow(/more than 5 redirects/);
  });
});
