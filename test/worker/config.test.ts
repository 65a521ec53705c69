import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '../../worker/config.ts';

const complete = {
  TEMPORAL_ADDRESS: 'temporal.example:7233',
  TEMPORAL_NAMESPACE: 'orders',
  TEMPORAL_TASK_QUEUE: 'test-queue',
  DATA_BUCKET: 'data',
};

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const connectionOf = (env: Record<string, string>) => readConfig({ ...complete, ...env }).connection;

describe('the environment as a whole', () => {
  it('names every missing variable in one message', () => {
    expect(() => readConfig({})).toThrow(
      "the worker's environment is not usable: TEMPORAL_ADDRESS is not set; TEMPORAL_NAMESPACE is not set; " +
        'TEMPORAL_TASK_QUEUE is not set',
    );
  });

  it('names wrong values beside missing ones', () => {
    const problems = problemsOf({
      TEMPORAL_ADDRESS: 'not an address',
      TEMPORAL_TLS: 'yes',
      TEMPORAL_NAMESPACE: 'orders',
      TEMPORAL_FARGATE_STOP_TIMEOUT: '300',
      TEMPORAL_FARGATE_IMAGE_DIGEST: 'latest',
      TEMPORAL_FARGATE_ACTIVITY_SLOTS: '2.5',
    });
    expect(problems).toEqual([
      'TEMPORAL_ADDRESS holds a space',
      'TEMPORAL_TLS is "yes"; it must be one of 1, 0, true, false',
      'TEMPORAL_TASK_QUEUE is not set',
      'TEMPORAL_FARGATE_ACTIVITY_SLOTS is "2.5", not a whole number from 1 on',
      'TEMPORAL_FARGATE_STOP_TIMEOUT is "300", not a whole number of seconds from 2 to 120',
      'TEMPORAL_FARGATE_IMAGE_DIGEST is not of the form sha256:<64 hex digits>',
    ]);
  });

  it('takes an empty variable for one that is not set', () => {
    expect(problemsOf({ ...complete, TEMPORAL_NAMESPACE: '', TEMPORAL_TASK_QUEUE: ' ' })).toEqual([
      'TEMPORAL_NAMESPACE is not set',
      'TEMPORAL_TASK_QUEUE is not set',
    ]);
    expect(readConfig({ ...complete, DATA_BUCKET: ' ' }).dataBucket).toBeUndefined();
    expect(connectionOf({ TEMPORAL_API_KEY: '', TEMPORAL_TLS: '' })).toMatchObject({
      apiKey: undefined,
      tls: undefined,
    });
  });

  it('puts bucket names into the path when S3 is not AWS’s', () => {
    expect(readConfig(complete).s3PathStyle).toBe(false);
    expect(readConfig({ ...complete, AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' }).s3PathStyle).toBe(true);
  });
});

// How an address is read: test/temporal/connection-settings.test.ts.
describe('the address', () => {
  it('understands TEMPORAL_SERVER_ENDPOINT and TEMPORAL_SERVER_PORT', () => {
    const { TEMPORAL_ADDRESS: _, ...rest } = complete;
    const address = (env: Record<string, string>) => readConfig({ ...rest, ...env }).connection.address;
    expect(address({ TEMPORAL_SERVER_ENDPOINT: 'ns.example' })).toBe('ns.example:7233');
    expect(address({ TEMPORAL_SERVER_ENDPOINT: 'ns.example', TEMPORAL_SERVER_PORT: '80' })).toBe('ns.example:80');
    expect(address({ TEMPORAL_SERVER_ENDPOINT: 'ns.example:81', TEMPORAL_SERVER_PORT: '80' })).toBe('ns.example:81');
  });

  it('prefers TEMPORAL_ADDRESS to the other name', () => {
    expect(connectionOf({ TEMPORAL_SERVER_ENDPOINT: 'other', TEMPORAL_SERVER_PORT: '80' }).address).toBe(
      'temporal.example:7233',
    );
  });
});

describe('TLS and credentials', () => {
  it('turns TLS on when there is an API key', () => {
    expect(connectionOf({ TEMPORAL_API_KEY: 'key' })).toMatchObject({ apiKey: 'key', tls: true });
  });

  it.each(['0', 'false'])('refuses an API key with TEMPORAL_TLS=%s, unless the server is this host', (off) => {
    const env = { ...complete, TEMPORAL_API_KEY: 'planted-secret', TEMPORAL_TLS: off };
    expect(problemsOf(env)).toEqual([
      'TEMPORAL_TLS is off, but TEMPORAL_API_KEY may only travel over TLS (or to this host itself)',
    ]);
    for (const host of ['localhost', '127.0.0.1', '[::1]:7233']) {
      expect(readConfig({ ...env, TEMPORAL_ADDRESS: host }).connection).toMatchObject({ tls: false });
    }
  });

  it.each(['True', 'TRUE', 'yes', 'on', 'maybe', '2'])(
    'refuses TEMPORAL_TLS=%s, which the SDK takes for off',
    (value) => {
      expect(problemsOf({ ...complete, TEMPORAL_API_KEY: 'key', TEMPORAL_TLS: value })).toEqual([
        `TEMPORAL_TLS is "${value}"; it must be one of 1, 0, true, false`,
      ]);
    },
  );

  it.each(['1', 'true'])('turns TLS on with TEMPORAL_TLS=%s', (on) => {
    expect(connectionOf({ TEMPORAL_TLS: on }).tls).toEqual({});
  });

  it('refuses a client certificate without its key', () => {
    expect(problemsOf({ ...complete, TEMPORAL_TLS_CLIENT_CERT_DATA: 'x' })).toEqual([
      'TEMPORAL_TLS_CLIENT_CERT and TEMPORAL_TLS_CLIENT_KEY (_DATA or _PATH) are set only together',
    ]);
  });

  it('names a certificate file that is not there', () => {
    expect(problemsOf({ ...complete, TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nowhere/ca.pem' })).toEqual([
      expect.stringContaining('/nowhere/ca.pem'),
    ]);
  });

  it('refuses certificates together with TLS turned off', () => {
    expect(problemsOf({ ...complete, TEMPORAL_TLS: '0', TEMPORAL_TLS_SERVER_CA_CERT_DATA: 'x' })).toEqual([
      'TEMPORAL_TLS is off, but TEMPORAL_TLS_SERVER_CA_CERT_DATA is set',
    ]);
  });
});
