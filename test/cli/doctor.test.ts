import { AllocateAddressCommand } from '@aws-sdk/client-ec2';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useFronts } from '../helpers/temporal-front.ts';
import { useCliStage } from './stage.ts';

const stage = useCliStage();
const fronts = useFronts();

const DAY_SECONDS = 24 * 60 * 60;
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
/** A key as Temporal Cloud makes them: a token that says when it ends. */
const keyFor = (days: number): string =>
  `${part({ alg: 'ES256' })}.${part({ exp: Math.floor(Date.now() / 1000) + days * DAY_SECONDS })}.c2lnbmF0dXJl`;
const GOOD_KEY = keyFor(100);

let env: Record<string, string>;
beforeAll(async () => {
  const apiKeys = () => [{ key: GOOD_KEY }];
  const { address } = await fronts.front({ auth: 'api-key', apiKeys, namespaces: ['default', 'gone'] });
  env = {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_API_KEY: GOOD_KEY,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: fronts.path('ca'),
  };
});
beforeEach(() => stage.emulator.reset());

interface Row {
  readonly id: string;
  readonly state: string;
  readonly detail: string;
  readonly fix?: string;
  readonly code?: string;
}

/** The rows that `--json` gives, by their ids. */
async function rowsOf(args: readonly string[], extra: Record<string, string | undefined> = {}) {
  const { stdout, code } = await stage.run(['doctor', '--json', ...args], { ...env, ...extra });
  const { result } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as {
    result: { ok: boolean; checks: Row[] };
  };
  expect(code).toBe(result.ok ? 0 : 1);
  return { ...result, rows: Object.fromEntries(result.checks.map((row) => [row.id, row])) };
}

const fullOfAddresses = async (): Promise<void> => {
  const { ec2 } = stage.emulator.clients;
  await Promise.all(Array.from({ length: 5 }, () => ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }))));
};

describe('doctor', () => {
  it('shows everything in one table, on standard output, and changes nothing', async () => {
    const { stdout, code } = await stage.run(['doctor', '--on-demand-base', '1'], env);
    expect(
      stdout.replaceAll(env.TEMPORAL_ADDRESS ?? '', '<address>').replace(/until \S+$/m, 'until <date>'),
    ).toMatchInlineSnapshot(`
      "OK    AWS credentials         arn:aws:iam::123456789012:user/sandbox
      OK    region                  us-east-1 is enabled
      OK    clock                   as that of AWS
      OK    permissions of EC2      may ec2:CreateVpc, ec2:CreateInternetGateway,
                                    ec2:AllocateAddress
      SKIP  permissions of others   only EC2 can be asked without doing it
      OK    service-linked roles    not there yet, and made by init: ECS, auto scaling
      OK    VPC quota               1 needed, and others have 1 of 5
      OK    internet gateway quota  1 needed, and others have 0 of 5
      OK    elastic IP quota        1 needed, and others have 0 of 5
      OK    NAT gateway quota       1 needed, and others have 0 of 5
      OK    on-demand vCPU quota    up to 2 of 4000 vCPU, which others may use too
      OK    Spot vCPU quota         up to 8 of 4000 vCPU, which others may use too
      OK    availability zones      Fargate has us-east-1a, us-east-1b
      OK    address range           10.0.0.0/16 overlaps with no other VPC of the
                                    region
      OK    Spot                    some tasks always run on demand
      OK    state                   there is no stack dev yet
      OK    Temporal: name          <address> is known
      OK    Temporal: port          it answers
      OK    Temporal: TLS           the certificate of the server is trusted
      OK    Temporal: credentials   accepted
      OK    Temporal: namespace     default exists
      OK    Temporal: expiry        the API key is good until <date>

      21 in order, 1 skipped.
      "
    `);
    expect(code).toBe(0);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(await stage.changes()).toEqual([]);
  });

  it('names everything that is in the way at once, each with its fix', async () => {
    await fullOfAddresses();
    const { ok, rows } = await rowsOf(['--max-tasks', '1000', '--zones', 'us-east-1a,us-east-1z'], {
      TEMPORAL_API_KEY: 'not-this-one',
    });
    expect(ok).toBe(false);
    const failed = Object.values(rows).filter(({ state }) => state === 'fail');
    expect(failed.map(({ id, code }) => [id, code])).toEqual([
      ['quota/L-0263D0A3', 'AWS_QUOTA'],
      ['zones', 'ZONE_UNUSABLE'],
      ['temporal/credentials', 'TEMPORAL_REFUSED'],
    ]);
    expect(failed.every(({ fix }) => fix)).toBe(true);
    expect(rows['temporal/namespace']).toMatchObject({ state: 'skip', detail: 'needs Temporal: credentials' });
    expect(rows['temporal/expiry']).toMatchObject({ state: 'skip' });
    expect(rows.spot).toMatchObject({ state: 'warn', fix: expect.stringContaining('--on-demand-base 1') });
  });

  it('tells a region that is not enabled from wrong credentials, and a namespace that is not there', async () => {
    const disabled = await rowsOf(['--region', 'af-south-1', '--temporal-namespace', 'gone']);
    expect(disabled.rows).toMatchObject({
      credentials: { state: 'ok' },
      region: { state: 'fail', code: 'REGION_DISABLED', fix: expect.stringContaining('Enable it') },
      account: { state: 'skip', detail: 'needs credentials that AWS accepts' },
      'temporal/credentials': { state: 'ok' },
      'temporal/namespace': { state: 'fail', code: 'TEMPORAL_NAMESPACE' },
    });
    const wrong = await rowsOf(['--region', 'af-south-1'], { AWS_SECRET_ACCESS_KEY: 'wrong' });
    expect(wrong.rows).toMatchObject({
      credentials: { state: 'fail', code: 'CREDENTIALS_INVALID' },
      region: { state: 'skip' },
      'temporal/namespace': { state: 'ok' },
    });
  });

  it('says why it could not look, and who may not create', async () => {
    const denied = { kind: 'error', status: 403 } as const;
    const message = 'User: ada is not authorized to perform: ec2:CreateVpc because no policy allows it';
    await stage.emulator.fault({ ...denied, match: { operation: 'GetRole' }, times: 2, code: 'AccessDenied' });
    await stage.emulator.fault({
      ...denied,
      match: { operation: 'CreateVpc', dryRun: true },
      code: 'UnauthorizedOperation',
      message,
    });
    const { rows } = await rowsOf(['--temporal-auth', 'api-key'], { TEMPORAL_API_KEY: undefined });
    expect(rows).toMatchObject({
      'service-roles': { state: 'skip', detail: expect.stringContaining('may not iam:GetRole') },
      'permissions/ec2': { state: 'fail', code: 'ACCESS_DENIED', fix: expect.stringContaining('ec2:CreateVpc') },
      'temporal/tls': { state: 'ok' },
      'temporal/credentials': { state: 'fail', code: 'NO_CREDENTIALS' },
    });
  });

  it('does without a Temporal address, and warns of a key that ends soon', async () => {
    const { ok, rows } = await rowsOf([], { TEMPORAL_ADDRESS: undefined, TEMPORAL_API_KEY: keyFor(5) });
    expect(ok).toBe(true);
    expect(rows['temporal/name']).toMatchObject({ state: 'skip', detail: 'no --temporal-address is given' });
    expect((await rowsOf([], { TEMPORAL_API_KEY: keyFor(5) })).rows['temporal/expiry']).toMatchObject({
      state: 'warn',
      detail: expect.stringMatching(/in 4 days$/),
    });
  });
});

describe('doctor of a network that was there before', () => {
  it('says whether tasks could work there, and looks for no room for another', async () => {
    const { rows } = await rowsOf([
      ...['--network', 'existing', '--vpc-id', 'vpc-0123456789abcdef0'],
      ...['--subnet-ids', 'subnet-0123456789abcdef0'],
    ]);
    expect(rows.network).toMatchObject({
      state: 'fail',
      code: 'BAD_NETWORK',
      fix: expect.stringMatching(/describe-vpcs/),
    });
    expect(Object.keys(rows)).not.toContain('quota/L-F678F1CE');
    expect(Object.keys(rows)).not.toContain('cidr');
    expect(rows['quota/L-36FBB829']).toMatchObject({ state: 'ok' });
  });
});

describe('init', () => {
  it('stops before it has changed anything, and names all that is in the way', async () => {
    await fullOfAddresses();
    const before = await stage.changes();
    const { stderr, stdout, code } = await stage.run(['init', '--yes'], { ...env, TEMPORAL_API_KEY: 'not-this-one' });
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/✖ 2 things failed:\n {2}- the quota "EC2-VPC Elastic IPs" is too small/);
    expect(stderr).toMatch(/ {2}- connecting to Temporal at \S+: the server does not accept the credentials\n/);
    expect(await stage.changes()).toEqual(before);
  });

  it('goes on under --skip-checks, up to what AWS itself refuses', async () => {
    await fullOfAddresses();
    const refused = { kind: 'error', status: 403, code: 'AccessDenied', message: 'not you' } as const;
    await stage.emulator.fault({ ...refused, match: { operation: 'CreateBucket' } });
    const { stderr, code } = await stage.run(['init', '--yes', '--skip-checks'], env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/may not s3:CreateBucket/);
    expect(stderr).not.toContain('Elastic IPs');
  });
});
