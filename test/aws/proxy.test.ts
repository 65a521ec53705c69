import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { EnvironmentHandler } from '../../src/aws/http-handler.ts';
import { proxyFor, proxyPasswords } from '../../src/aws/proxy.ts';
import { openTunnel } from '../../src/aws/tunnel.ts';
import { startConnectProxy } from '../helpers/connect-proxy.ts';
import { eventually } from '../helpers/emulator.ts';

const proxyOf = (target: string, env: NodeJS.ProcessEnv): string | undefined => {
  const found = proxyFor(new URL(target), env);
  return found && `${found.url.host} by ${found.variable}`;
};
const EC2 = 'https://ec2.eu-west-1.amazonaws.com';

describe('The proxy of a host', () => {
  it.each([
    ['of its scheme', EC2, { HTTPS_PROXY: 'http://p:1', HTTP_PROXY: 'http://q:2' }, 'p:1 by HTTPS_PROXY'],
    [
      'of http for http',
      'http://aws.corp:80',
      { HTTPS_PROXY: 'http://p:1', HTTP_PROXY: 'http://q:2' },
      'q:2 by HTTP_PROXY',
    ],
    ['in lower case first', EC2, { HTTPS_PROXY: 'http://p:1', https_proxy: 'http://q:2' }, 'q:2 by https_proxy'],
    ['for everything', EC2, { ALL_PROXY: 'https://p:1' }, 'p:1 by ALL_PROXY'],
    ['without a scheme', EC2, { HTTPS_PROXY: ' p:1 ' }, 'p:1 by HTTPS_PROXY'],
    ['none when the variable is empty', EC2, { HTTPS_PROXY: '' }, undefined],
    ['none for another scheme', EC2, { HTTP_PROXY: 'http://p:1' }, undefined],
    [
      'of gRPC first',
      'grpc://t.corp:7233',
      { grpc_proxy: 'http://g:3', HTTPS_PROXY: 'http://p:1' },
      'g:3 by grpc_proxy',
    ],
    ['of http for gRPC, last', 'grpc://t.corp:7233', { HTTP_PROXY: 'http://p:1' }, 'p:1 by HTTP_PROXY'],
  ])('is the one %s', (_which, target, env, proxy) => {
    expect(proxyOf(target, env)).toBe(proxy);
  });

  it.each([
    [EC2, '*'],
    [EC2, 'amazonaws.com'],
    [EC2, 'localhost, .amazonaws.com'],
    [EC2, '*.AMAZONAWS.com'],
    [EC2, 'ec2.eu-west-1.amazonaws.com:443'],
    ['https://10.1.2.3', '10.0.0.0/8'],
    ['https://10.1.2.3:8443', '10.1.2.3'],
    ['https://[fd00::1]', '[fd00::1]:443'],
  ])('is none for %s where NO_PROXY is %s', (target, NO_PROXY) => {
    expect(proxyOf(target, { HTTPS_PROXY: 'http://p:1', NO_PROXY })).toBeUndefined();
  });

  it.each([
    [EC2, 'aws.com'],
    [EC2, 'ec2.eu-west-1.amazonaws.com:8443'],
    [EC2, 'amazonaws.com.cn,'],
    ['https://10.1.2.3', '10.0.0.0/16'],
  ])('is there for %s where NO_PROXY is %s', (target, NO_PROXY) => {
    expect(proxyOf(target, { HTTPS_PROXY: 'http://p:1', NO_PROXY })).toBe('p:1 by HTTPS_PROXY');
  });

  it.each(['http://127.0.0.1:5000', 'https://localhost', 'https://[::1]:7', 'grpc://127.0.0.2:7233'])(
    'is none for this machine itself: %s',
    (target) => {
      const everything = { HTTP_PROXY: 'http://p:1', HTTPS_PROXY: 'http://p:1', ALL_PROXY: 'http://p:1' };
      expect(proxyOf(target, everything)).toBeUndefined();
    },
  );

  it('is refused, without its password, when it cannot be used', () => {
    for (const HTTPS_PROXY of ['http://ada:s3cret@', 'socks5://ada:s3cret@p:1']) {
      expect(() => proxyOf(EC2, { HTTPS_PROXY })).toThrow(/^HTTPS_PROXY (?!.*s3cret)/);
    }
  });

  it('has a password that is known, to be hidden', () => {
    const env = { https_proxy: 'http://ada:p%40ss@p:1', HTTP_PROXY: 'ada:100%@q:2', ALL_PROXY: 'http://r:3' };
    expect(new Set(proxyPasswords(env))).toEqual(new Set(['p%40ss', 'p@ss', '100%']));
  });
});

describe('A proxy', () => {
  it('that is silent is given up, and its connection closed', async () => {
    const open = new Set<Socket>();
    const silent = createServer((socket) => {
      open.add(socket);
      socket
        .on('close', () => open.delete(socket))
        .on('error', () => undefined)
        .resume();
    });
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
    const url = new URL(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    const tunnel = openTunnel({ url, variable: 'HTTPS_PROXY' }, 'aws.corp', 443, 100);
    await expect(tunnel).rejects.toMatchObject({
      status: undefined,
      message: `proxy ${url.host}: no answer within 0.1 s`,
    });
    await eventually('the connection is closed', async () => open.size === 0);
    silent.close();
  });

  it('is asked once for many calls: connections are kept', async () => {
    const backend = createServer((socket) =>
      socket
        .on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'))
        .on('error', () => undefined),
    );
    await new Promise<void>((listening) => backend.listen(0, '127.0.0.1', listening));
    const proxy = await startConnectProxy(() => `127.0.0.1:${(backend.address() as AddressInfo).port}`);
    const handler = new EnvironmentHandler({ HTTP_PROXY: proxy.address });
    const { HttpRequest } = await import('@smithy/core/protocols');
    for (let call = 0; call < 3; call += 1) {
      const request = new HttpRequest({ protocol: 'http:', hostname: 'aws.corp', path: '/', method: 'GET' });
      const { response } = await handler.handle(request);
      response.body.resume();
      await new Promise((done) => response.body.once('close', done));
      await new Promise((done) => setImmediate(done));
    }
    expect(proxy.targets).toEqual(['aws.corp:80']);
    handler.destroy();
    await proxy.stop();
    backend.close();
  });
});
