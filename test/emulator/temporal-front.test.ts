import { X509Certificate } from 'node:crypto';
import { statSync } from 'node:fs';
import { Connection, type TLSConfig } from '@temporalio/client';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AcceptedKey, TemporalFront } from '../../src/sandbox/temporal-front.ts';
import { type CertificateName, useFronts } from '../helpers/temporal-front.ts';

const fronts = useFronts();
const open: Connection[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
});

interface Credentials {
  readonly apiKey?: string;
  readonly client?: CertificateName;
  readonly ca?: CertificateName;
  readonly serverName?: string;
}

/** Milliseconds after which a client that is turned away gives up; it has nothing better to wait for. */
const IMPATIENT = 300;

async function connect(
  { address }: TemporalFront,
  { apiKey, client, ca = 'ca', serverName }: Credentials,
  connectTimeout = 10_000,
): Promise<Connection> {
  const bytes = (text: string): Buffer => Buffer.from(text);
  const tls: TLSConfig = {
    serverRootCACertificate: bytes(fronts.pem(ca)),
    ...(client && { clientCertPair: { crt: bytes(fronts.pem(client)), key: bytes(fronts.pem(client, 'key')) } }),
    ...(serverName !== undefined && { serverNameOverride: serverName }),
  };
  const connection = await Connection.connect({
    address,
    tls,
    connectTimeout,
    ...(apiKey !== undefined && { apiKey }),
  });
  open.push(connection);
  return connection;
}

async function nameOf(connection: Connection, namespace = 'default'): Promise<string | null | undefined> {
  return (await connection.workflowService.describeNamespace({ namespace })).namespaceInfo?.name;
}

/** gRPC status of the refusal, or what else went wrong. */
async function refusalOf(call: Promise<unknown>): Promise<number | string> {
  try {
    await call;
  } catch (error) {
    const { code, cause, message } = error as Error & { code?: number; cause?: { code?: number } };
    return code ?? cause?.code ?? message;
  }
  throw new Error('the call was not refused');
}

const NOT_FOUND = 5;
const UNAUTHENTICATED = 16;
const PERMISSION_DENIED = 7;
const NO_CONNECTION = 'Failed to connect before the deadline';

describe('with API keys', () => {
  let front: TemporalFront;
  let accepted: AcceptedKey[];
  beforeAll(async () => {
    front = await fronts.front({ auth: 'api-key', apiKeys: () => accepted, namespaces: ['default', 'orders.a1b2c'] });
  });

  it('the server behind answers whoever has one', async () => {
    accepted = [{ key: 'good', expiresAt: new Date(Date.now() + 60_000) }];
    expect(await nameOf(await connect(front, { apiKey: 'good' }))).toBe('default');
  });

  it.each([
    ['a wrong key', { apiKey: 'bad' }],
    ['a key that has expired', { apiKey: 'expired' }],
    ['no key', {}],
  ])('%s is refused', async (_what, credentials) => {
    accepted = [{ key: 'good' }, { key: 'expired', expiresAt: new Date(Date.now() - 1) }];
    expect(await refusalOf(connect(front, credentials))).toBe(UNAUTHENTICATED);
  });

  it('a key that is revoked while connected is refused at the next call', async () => {
    accepted = [{ key: 'first' }];
    const connection = await connect(front, { apiKey: 'first' });
    expect(await nameOf(connection)).toBe('default');
    accepted = [{ key: 'second' }];
    expect(await refusalOf(nameOf(connection))).toBe(UNAUTHENTICATED);
    connection.setApiKey('second');
    expect(await nameOf(connection)).toBe('default');
  });

  it('a refusal of the server behind comes through', async () => {
    accepted = [{ key: 'good' }];
    const connection = await connect(front, { apiKey: 'good' });
    expect(await refusalOf(nameOf(connection, 'orders.a1b2c'))).toBe(NOT_FOUND);
  });

  it('a namespace that is not one of the account is refused, also when it only lacks the account', async () => {
    accepted = [{ key: 'good' }];
    const connection = await connect(front, { apiKey: 'good' });
    expect(await refusalOf(nameOf(connection, 'orders'))).toBe(PERMISSION_DENIED);
  });
});

describe('with client certificates', () => {
  let front: TemporalFront;
  beforeAll(async () => {
    front = await fronts.front({ auth: 'mtls' });
  });

  it('the server behind answers whoever has one of its CA', async () => {
    expect(await nameOf(await connect(front, { client: 'client' }))).toBe('default');
  });

  it.each<[string, Credentials]>([
    ['none', {}],
    ['one of another CA', { client: 'stranger-client' }],
    ['one that has expired', { client: 'client-expired' }],
  ])('%s is refused', async (_what, credentials) => {
    expect(await refusalOf(connect(front, credentials, IMPATIENT))).toBe(NO_CONNECTION);
  });
});

describe('with TLS alone', () => {
  it('a client that knows another CA does not connect', async () => {
    const front = await fronts.front({ auth: 'none' });
    expect(await nameOf(await connect(front, {}))).toBe('default');
    expect(await refusalOf(connect(front, { ca: 'stranger-ca' }, IMPATIENT))).toBe(NO_CONNECTION);
  });

  it('under another name, as behind AWS PrivateLink, it takes a client that overrides the name', async () => {
    const front = await fronts.front({ auth: 'none', certificate: 'server-named' });
    expect(await nameOf(await connect(front, { serverName: 'temporal.internal' }))).toBe('default');
    expect(await refusalOf(connect(front, {}, IMPATIENT))).toBe(NO_CONNECTION);
  });
});

describe('its certificates', () => {
  it('have keys that only their owner can read', () => {
    expect(statSync(fronts.path('client', 'key')).mode & 0o777).toBe(0o600);
  });

  it('of version 1 are signed by the same CA and carry no extension', () => {
    const [ca, first] = [fronts.pem('ca'), fronts.pem('client-v1')].map((pem) => new X509Certificate(pem));
    expect(ca && first?.verify(ca.publicKey)).toBe(true);
    expect(first?.keyUsage).toBeUndefined();
    // RFC 5280, 4.1: without the field [0] (tag 0xa0) at the start of the body, the version is 1.
    expect(first?.raw.includes(Buffer.from('a003020102', 'hex'))).toBe(false);
    expect(new X509Certificate(fronts.pem('client')).raw.includes(Buffer.from('a003020102', 'hex'))).toBe(true);
  });
});
