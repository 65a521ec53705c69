import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCidr } from '../../src/config/network.ts';
import type { OwnNetwork } from '../../src/config/network-config.ts';
import { toAnswers, toStackConfig } from '../../src/config/stack-config.ts';
import { UserError } from '../../src/errors.ts';
import { REFERENCE_ANSWERS, referenceConfig } from '../helpers/aws-stack.ts';

const ACCOUNT = { accountId: '123456789012', partition: 'aws' };

function refused(changes: Record<string, string | number | boolean>): UserError {
  try {
    referenceConfig(changes);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('the answers were not refused');
}

describe('the network of a stack', () => {
  it('is that of the reference stack by default', () => {
    expect(referenceConfig().network).toEqual({
      preset: 'private',
      cidr: '10.0.0.0/16',
      zones: ['us-east-1a', 'us-east-1b'],
      publicCidrs: ['10.0.1.0/24', '10.0.2.0/24'],
      privateCidrs: ['10.0.101.0/24', '10.0.102.0/24'],
    });
  });

  it('has subnets inside of its range and apart, or is refused in words, for every range, layout and number of zones', () => {
    const answers = fc.record({
      prefix: fc.integer({ min: 14, max: 30 }),
      count: fc.integer({ min: 1, max: 6 }),
      network: fc.constantFrom('private', 'private-per-az', 'public'),
      third: fc.integer({ min: 0, max: 255 }),
    });
    let accepted = 0;
    fc.assert(
      fc.property(answers, ({ prefix, count, network: preset, third }) => {
        const size = 2 ** (32 - prefix);
        const first = Math.floor((10 * 2 ** 24 + third * 2 ** 8) / size) * size;
        const cidr = `${[24, 16, 8, 0].map((shift) => (first >>> shift) & 255).join('.')}/${prefix}`;
        const zones = ['a', 'b', 'c', 'd', 'e', 'f'].slice(0, count).map((letter) => `us-east-1${letter}`);
        let network: OwnNetwork;
        try {
          network = referenceConfig({ cidr, zones: zones.join(','), network: preset }).network as OwnNetwork;
        } catch (error) {
          expect((error as UserError).message).toMatch(/^--(cidr|zones): /);
          // AWS's smallest network still has room for a stack of one zone.
          expect(prefix < 16 || prefix > 23).toBe(true);
          return;
        }
        accepted += 1;
        expect(network.publicCidrs).toHaveLength(count);
        expect(network.privateCidrs).toHaveLength(preset === 'public' ? 0 : count);
        const outer = parseCidr(cidr);
        const inner = [...network.publicCidrs, ...network.privateCidrs].flatMap((text) => parseCidr(text) ?? []);
        const sorted = inner.toSorted((a, b) => a.first - b.first);
        for (const [index, range] of sorted.entries()) {
          expect(range.first).toBeGreaterThan(index === 0 ? (outer?.first ?? 0) - 1 : (sorted[index - 1]?.last ?? 0));
          expect(range.last).toBeLessThanOrEqual(outer?.last ?? 0);
          expect(range.prefix).toBeLessThanOrEqual(28);
        }
      }),
      { numRuns: 400 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  it.each([
    ['the same zone twice', { zones: 'us-east-1a,us-east-1a' }, '--zones: the same zone is named twice'],
    ['no zone', { zones: '' }, '--zones: '],
    ['seven zones', { zones: 'a,b,c,d,e,f,g' }, '--zones: '],
    ['a network that AWS does not make', { cidr: '10.0.0.0/12' }, '--cidr: a VPC is between /16 and /28, not /12'],
    ['a network without room', { cidr: '10.0.0.0/28' }, 'is too small for the subnets of 2 zones'],
    ['text for a network', { cidr: 'mine' }, '--cidr: "mine" is no IPv4 range'],
    ['a network of another kind', { network: 'double' }, '--network: '],
    ['no name of a queue', { taskQueue: '' }, '--task-queue: '],
  ])('with %s is refused', (_what, changes, says) => {
    expect(refused(changes).message).toContain(says);
  });

  it('of zones with spaces between them is that of the zones', () => {
    expect(referenceConfig({ zones: 'us-east-1a, us-east-1b' }).network).toMatchObject({
      zones: ['us-east-1a', 'us-east-1b'],
    });
  });
});

describe('what does not go together', () => {
  it.each([
    [
      'more tasks at least than at most',
      { minTasks: 5, maxTasks: 4 },
      '--min-tasks and --max-tasks: the smallest number of tasks',
    ],
    [
      'scaling in above scaling out',
      { scaleInAt: 30 },
      '--scale-in-at and --scale-out-at: tasks would be added and removed',
    ],
    [
      'no weight at all',
      { spotWeight: 0, onDemandWeight: 0 },
      '--spot-weight and --on-demand-weight: Spot and on-demand weight',
    ],
    [
      'a key in clear to another machine',
      { temporalAddress: 'temporal.example.com', temporalTls: false },
      '--temporal-tls: an API key is not sent to another machine without TLS',
    ],
    [
      'a key in clear to a name that only looks like this machine',
      { temporalAddress: '127.0.0.1.example.com:7233', temporalTls: false },
      '--temporal-tls: an API key is not sent to another machine without TLS',
    ],
    [
      'a secret of another region',
      { secretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:temporal-AbCdEf' },
      '--secret-arn: the secret has to be in the partition and region of the stack',
    ],
    ['a stack name in capitals', { stack: 'Dev' }, '--stack: '],
  ])('%s is refused', (_what, changes, says) => {
    const error = refused(changes);
    expect(error.message).toContain(says);
    expect([error.code, error.exitCode]).toEqual(['BAD_CONFIG', 64]);
  });

  it('is reported all at once, each with its flag', () => {
    const { message } = refused({ minTasks: 5, maxTasks: 4, cpu: 1024, memory: 512, zones: 'a,a', scaleInAt: 90 });
    for (const flag of [
      '--min-tasks and --max-tasks',
      '--cpu and --memory',
      '--zones',
      '--scale-in-at and --scale-out-at',
    ]) {
      expect(message).toContain(`${flag}: `);
    }
  });
});

describe('a config and its answers', () => {
  it('lead to each other', () => {
    const sizes = fc.constantFrom([256, 512], [1024, 2048], [4096, 30720], [16384, 122880]);
    const answers = fc
      .record({
        temporalAddress: fc.constantFrom('127.0.0.1:7233', 'localhost:1', 'ns.acct.tmprl.cloud:7233'),
        temporalNamespace: fc.constantFrom('default', 'ns.acct'),
        temporalAuth: fc.constantFrom('api-key', 'none'),
        taskQueue: fc.string({ minLength: 1 }),
        cidr: fc.constantFrom('10.0.0.0/16', '172.16.0.0/20', '192.168.0.0/22'),
        zones: fc.constantFrom('us-east-1a', 'us-east-1a,us-east-1b', 'us-east-1c,us-east-1a,us-east-1b'),
        network: fc.constantFrom('private', 'private-per-az', 'public'),
        architecture: fc.constantFrom('arm64', 'x86_64'),
        spotWeight: fc.integer({ min: 1, max: 1000 }),
        onDemandWeight: fc.integer({ min: 0, max: 1000 }),
        onDemandBase: fc.integer({ min: 0, max: 1000 }),
        minTasks: fc.integer({ min: 0, max: 10 }),
        maxTasks: fc.integer({ min: 10, max: 1000 }),
        scaleOutAt: fc.integer({ min: 51, max: 100 }),
        scaleInAt: fc.integer({ min: 0, max: 50 }),
        stopTimeout: fc.integer({ min: 2, max: 120 }),
        logRetentionDays: fc.constantFrom(1, 7, 3653),
        dataBucket: fc.boolean(),
        extras: fc.constantFrom(
          {},
          { permissionsBoundary: 'arn:aws:iam::123456789012:policy/boundary' },
          { dataExpireDays: 30 },
          { tags: 'cost-center=42,team=a=b' },
          { securityGroupIds: 'sg-01234567,sg-0123456789abcdef0' },
          { temporalAuth: 'mtls', secretArn: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:temporal-AbCdEf' },
        ),
        size: sizes,
      })
      .map(({ size, extras, ...rest }) => ({
        ...rest,
        ...extras,
        cpu: size[0] ?? 0,
        memory: size[1] ?? 0,
        temporalTls: rest.temporalAddress.includes('tmprl') || 'secretArn' in extras,
      }));
    fc.assert(
      fc.property(answers, (given) => {
        const config = toStackConfig({ ...REFERENCE_ANSWERS, ...given }, ACCOUNT);
        const back = toAnswers(config);
        expect(back).toEqual(given);
        expect(toStackConfig({ stack: 'dev', region: 'us-east-1', ...back }, ACCOUNT)).toEqual(config);
      }),
    );
  });

  it('lead to each other with a network that was there before', () => {
    const guest = { network: 'existing', vpcId: 'vpc-0a1', subnetIds: 'subnet-0a1,subnet-0b2' };
    const { cidr: _cidr, zones: _zones, ...reference } = REFERENCE_ANSWERS;
    const given = { ...reference, ...guest, assignPublicIp: 'auto' };
    const place = { vpcId: 'vpc-0a1', subnetIds: ['subnet-0a1', 'subnet-0b2'], assignPublicIp: true };
    const config = toStackConfig(given, ACCOUNT, place);
    expect(config.network).toEqual({ preset: 'existing', ...place });
    // What was found out once is an answer from then on.
    expect(toAnswers(config)).toMatchObject({ ...guest, assignPublicIp: 'yes' });
    expect(toStackConfig({ stack: 'dev', region: 'us-east-1', ...toAnswers(config) }, ACCOUNT)).toEqual(config);
  });

  it('lead to each other with the network of another stack, whose ids are no answers', () => {
    const { cidr: _cidr, zones: _zones, ...reference } = REFERENCE_ANSWERS;
    const place = { vpcId: 'vpc-0a1', subnetIds: ['subnet-0a1'], assignPublicIp: false };
    const config = toStackConfig({ ...reference, network: 'shared', networkStack: 'net' }, ACCOUNT, place);
    expect(config.network).toEqual({ preset: 'shared', stack: 'net', ...place });
    const back = toAnswers(config);
    expect(back).toMatchObject({ network: 'shared', networkStack: 'net' });
    expect(Object.keys(back)).not.toContain('vpcId');
  });

  it('holds no secret', () => {
    const config = toStackConfig({ ...REFERENCE_ANSWERS, temporalApiKey: 'planted-key' }, ACCOUNT);
    expect(JSON.stringify([config, toAnswers(config)])).not.toContain('planted-key');
  });
});
