import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeClients } from '../../src/aws/clients.ts';
import { explainAwsError } from '../../src/aws/explain.ts';
import { makeCertificates } from '../../src/sandbox/certificates.ts';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import { formatError } from '../../src/ui/format-error.ts';
import { type ConnectProxy, startConnectProxy } from '../helpers/connect-proxy.ts';
import { testCacheDir } from '../helpers/emulator.ts';
import { startTlsFront, type TlsFront } from '../helpers/tls-front.ts';
import { expectRefusal, useCliStage } from './stage.ts';

const stage = useCliStage();
const { emulator } = stage;
/** The name in the certificate, which only the proxy knows. */
const AWS = 'temporal.internal';
const folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-environment-'));
const ca = join(folder, 'ca.pem');
let front: TlsFront;
let proxy: ConnectProxy;
beforeAll(async () => {
  await makeCertificates(await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined }), folder);
  const [cert = '', key = ''] = ['pem', 'key'].map((kind) =>
    readFileSync(join(folder, `server-named.${kind}`), 'utf8'),
  );
  front = await startTlsFront(emulator.address, { cert, key });
  proxy = await startConnectProxy(() => front.address);
}, 60_000);
beforeEach(async () => {
  Object.assign(proxy, { login: undefined, refuses: undefined });
  proxy.targets.length = 0;
  await emulator.clearCalls();
});
afterAll(async () => {
  await proxy?.stop();
  await front?.stop();
  rmSync(folder, { recursive: true });
});

type Extra = Readonly<Record<string, string | undefined>>;

/** In a process of its own: the SDK keeps what it has read of a profile, and Node reads certificates at its start. */
const run = (args: readonly string[], extra: Extra) => stage.start(args, extra).result;

/** A run in a network where AWS is behind a proxy and shows a certificate of the company's own CA. */
const behindProxy = (extra: Extra = {}, args: readonly string[] = ['status']) =>
  run(args, {
    AWS_ENDPOINT_URL: `https://${AWS}`,
    HTTPS_PROXY: `http://${proxy.address}`,
    AWS_CA_BUNDLE: ca,
    ...extra,
  });

/** What `status` says when it has reached AWS, in an empty account. */
const reached = (region = 'us-east-1') => ({
  code: 1,
  says: `there is no stack dev in account 123456789012, region ${region}`,
  fix: 'Create it: temporal-fargate init',
});
const services = async (): Promise<string[]> => (await emulator.calls()).map(({ service }) => service);

describe('AWS behind a proxy', () => {
  it('is reached through it, with the CA of AWS_CA_BUNDLE', async () => {
    expectRefusal(expect, await behindProxy(), reached());
    expect(await services()).toEqual(['sts', 's3']);
    expect(new Set(proxy.targets)).toEqual(new Set([`${AWS}:443`]));
  });

  it('is reached with the CA of NODE_EXTRA_CA_CERTS', async () => {
    expectRefusal(expect, await behindProxy({ AWS_CA_BUNDLE: undefined, NODE_EXTRA_CA_CERTS: ca }), reached());
  });

  it('is reached with user and password, which nobody sees', async () => {
    proxy.login = 'ada:s3cret@home';
    const HTTPS_PROXY = `http://ada:s3cret%40home@${proxy.address}`;
    expectRefusal(expect, await behindProxy({ HTTPS_PROXY }), reached());
    proxy.login = 'ada:another';
    const refused = await behindProxy({ HTTPS_PROXY }, ['status', '--debug']);
    expect(refused.stderr).toContain('does not accept its user and password');
    expect(refused.stdout + refused.stderr).not.toMatch(/s3cret|czNjcmV0/);
  });

  it('is reached through it for prices, too', async () => {
    const env = { AWS_ENDPOINT_URL: undefined, TEMPORAL_FARGATE_PRICES_URL: `https://${AWS}` };
    const { code, stderr } = await behindProxy(env, ['cost', '--refresh', '--sandbox']);
    // Whoever answers there is an emulator, which has no prices.
    expect(stderr.match(/could not be read: it answers \d+\./g)).toHaveLength(7);
    expect(proxy.targets).toContain(`${AWS}:443`);
    expect(code).toBe(0);
  });

  it('is passed by for an emulator on this machine', async () => {
    const proxies = { HTTP_PROXY: `http://${proxy.address}`, HTTPS_PROXY: `http://${proxy.address}` };
    expectRefusal(expect, await run(['status'], proxies), reached());
    expect(proxy.targets).toEqual([]);
  });
});

/** What a person is told of a call that the real clients make in this environment. */
async function told(variables: Extra): Promise<string> {
  const { accessKeyId, secretAccessKey } = emulator.address;
  const endpoint = variables.AWS_ENDPOINT_URL ?? `https://${AWS}`;
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  try {
    const clients = makeClients({
      ...{ region: 'us-east-1', endpoint, credentials: { accessKeyId, secretAccessKey }, cliVersion: '0' },
      hooks: { beforeMutation: async () => undefined, afterCall: () => undefined },
    });
    await clients.sts.send(new GetCallerIdentityCommand({}));
    return 'reached';
  } catch (error) {
    return formatError(explainAwsError(error), false);
  } finally {
    vi.unstubAllEnvs();
  }
}

describe('A way to AWS that is barred', () => {
  interface Barred {
    readonly what: string;
    readonly env?: Extra;
    readonly proxy?: Partial<ConnectProxy>;
    readonly says: string | RegExp;
    readonly fix: string | RegExp;
  }
  const cases: readonly Barred[] = [
    {
      what: 'by a proxy that is down',
      env: { HTTPS_PROXY: 'http://127.0.0.1:9' },
      says: `connecting to ${AWS}:443: the proxy 127.0.0.1:9 (HTTPS_PROXY) does not answer: connect ECONNREFUSED 127.0.0.1:9`,
      fix: 'Check HTTPS_PROXY; hosts that are named in NO_PROXY are reached without it.',
    },
    {
      what: 'by a proxy that does not allow AWS',
      proxy: { refuses: 403 },
      says: /connecting to temporal\.internal:443: the proxy 127\.0\.0\.1:\d+ \(HTTPS_PROXY\) does not let it through \(HTTP 403\)/,
      fix: `Have the proxy allow ${AWS}:443, or name the host in NO_PROXY`,
    },
    {
      what: 'by a proxy that asks who is there',
      proxy: { login: 'ada:secret' },
      says: /the proxy 127\.0\.0\.1:\d+ \(HTTPS_PROXY\) asks for a user and a password \(HTTP 407\)/,
      fix: /Give them in HTTPS_PROXY, as in http:\/\/user:password@127\.0\.0\.1:\d+\./,
    },
    {
      what: 'by a proxy of another kind',
      env: { HTTPS_PROXY: 'socks5://ada:secret@127.0.0.1:1080' },
      says: /^✖ HTTPS_PROXY names a proxy of scheme socks5\n/,
      fix: 'Write it like http://host:port',
    },
    {
      what: 'by a certificate of an unknown CA',
      env: { AWS_CA_BUNDLE: undefined },
      says: /calling STS GetCallerIdentity: the certificate of what answered is signed by a CA that is not trusted \(\w+\)/,
      fix: 'name its CA with AWS_CA_BUNDLE or NODE_EXTRA_CA_CERTS.',
    },
    {
      what: 'by a certificate for another name',
      env: { AWS_ENDPOINT_URL: 'https://aws.internal' },
      says: /the certificate of what answered cannot be taken: .*aws\.internal/,
      fix: 'Check the clock of this machine, AWS_ENDPOINT_URL',
    },
    {
      what: 'by a CA bundle that is not there',
      env: { AWS_CA_BUNDLE: '/nonexistent/ca.pem' },
      says: /reading AWS_CA_BUNDLE \(\/nonexistent\/ca\.pem\): ENOENT/,
      fix: 'Name a file with the CA certificates in PEM form, or unset it.',
    },
    {
      what: 'by a NO_PROXY that names a host which only the proxy knows',
      env: { NO_PROXY: 'localhost,.internal' },
      says: /AWS does not answer: .*temporal\.internal/,
      fix: 'Check the network',
    },
  ];
  it.each(cases)('$what is one sentence with its fix', async ({ env, proxy: its, says, fix }) => {
    Object.assign(proxy, its);
    const text = await told({ HTTPS_PROXY: `http://${proxy.address}`, AWS_CA_BUNDLE: ca, ...env });
    expect(text).toMatch(says);
    expect(text).toMatch(fix);
    expect(text).toMatch(/^✖ [^\n]*\n {2}[^\n]*$/);
    expect(text).not.toContain('secret');
    expect(await services()).toEqual([]);
  });
});

describe("AWS's own variables", () => {
  const NO_KEYS = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
  /** ~/.aws/config with a profile of this account, one with keys that AWS does not know, and one that logs in. */
  function configFile(): string {
    const path = join(folder, 'config');
    const { accessKeyId, secretAccessKey, endpoint } = emulator.address;
    writeFileSync(
      path,
      `[profile company]
aws_access_key_id = ${accessKeyId}
aws_secret_access_key = ${secretAccessKey}
region = eu-west-1
endpoint_url = ${endpoint}
[profile stranger]
aws_access_key_id = AKIAAAAAAAAAAAAAAAAA
aws_secret_access_key = wrong
[profile person]
sso_session = company
sso_account_id = 123456789012
sso_role_name = Admin
[sso-session company]
sso_start_url = https://company.example.com/start
sso_region = eu-west-1
`,
    );
    return path;
  }

  it('AWS_PROFILE and AWS_CONFIG_FILE give keys, region and endpoint', async () => {
    const env = { ...NO_KEYS, AWS_REGION: undefined, AWS_ENDPOINT_URL: undefined };
    const profile = { AWS_PROFILE: 'company', AWS_CONFIG_FILE: configFile() };
    expectRefusal(expect, await run(['status'], { ...env, ...profile }), reached('eu-west-1'));
  });

  it('AWS_REGION counts more than the region of the profile', async () => {
    const env = { ...NO_KEYS, AWS_PROFILE: 'company', AWS_CONFIG_FILE: configFile(), AWS_REGION: 'us-west-2' };
    expectRefusal(expect, await run(['status'], env), reached('us-west-2'));
  });

  it('AWS_PROFILE of IAM Identity Center asks for a login when there is none', async () => {
    const env = { ...NO_KEYS, AWS_PROFILE: 'person', AWS_CONFIG_FILE: configFile(), HOME: folder };
    expectRefusal(expect, await run(['status'], env), {
      code: 1,
      says: 'the AWS credentials have expired',
      fix: 'Log in again (aws sso login), then run the same command: it goes on where it stopped.',
    });
  });

  it('keys in the environment count more than AWS_PROFILE, and less than --profile', async () => {
    const env = { AWS_CONFIG_FILE: configFile() };
    const byVariable = await run(['status'], { ...env, AWS_PROFILE: 'stranger' });
    expectRefusal(expect, byVariable, reached());
    expect(byVariable.stderr).toContain('AWS_ACCESS_KEY_ID is set, so its account is used and not the profile');
    const byFlag = await run(['status', '--profile', 'stranger'], env);
    expectRefusal(expect, byFlag, { code: 1, says: 'AWS does not know these credentials', fix: 'or the --profile' });
    expect(byFlag.stderr).not.toContain('Multiple credential sources');
  });

  it('AWS_ENDPOINT_URL_S3 is named when it is no URL', async () => {
    expectRefusal(expect, await run(['status'], { AWS_ENDPOINT_URL_S3: 'bogus' }), {
      code: 64,
      says: 'AWS_ENDPOINT_URL_S3 is no URL: "bogus"',
      fix: 'Unset it, or write it like https://host:port.',
    });
  });

  it('AWS_ENDPOINT_URL_S3 is for S3 alone', async () => {
    expectRefusal(expect, await behindProxy({ AWS_ENDPOINT_URL_S3: emulator.address.endpoint }), reached());
    expect(await services()).toEqual(['sts', 's3']);
    expect(proxy.targets).toEqual([`${AWS}:443`]);
  });
});
