import { describe, expect, it } from 'vitest';
import type { StackConfig } from '../../src/config/schema.ts';
import { judgeClock, judgeCredentials } from '../../src/preflight/account.ts';
import type { Verdict } from '../../src/preflight/check.ts';
import { expiryOfToken, judgeExpiry } from '../../src/preflight/expiry.ts';
import { judgeVcpus } from '../../src/preflight/fargate-quotas.ts';
import { judgeRoom } from '../../src/preflight/quotas.ts';
import { judgeRanges, rangesOfOthers } from '../../src/preflight/ranges.ts';
import { judgeRefusingRegion, regionToAskIn } from '../../src/preflight/region.ts';
import { judgeSpot } from '../../src/preflight/spot.ts';
import { judgeConnection } from '../../src/preflight/temporal.ts';
import { judgeZones } from '../../src/preflight/zones.ts';
import { failureOf } from '../../src/temporal/failures.ts';
import { Obstacle, type ObstacleKind } from '../../src/temporal/probe.ts';
import { referenceConfig } from '../helpers/aws-stack.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const DAY = 24 * 60 * 60_000;

const textOf = (verdict: Verdict): string =>
  verdict.state === 'fail' ? verdict.errors.map(({ message }) => message).join('\n') : verdict.detail;
const fixOf = (verdict: Verdict): string =>
  verdict.state === 'fail'
    ? verdict.errors.map(({ fix }) => fix).join('\n')
    : verdict.state === 'warn'
      ? verdict.fix
      : '';

describe('credentials', () => {
  it.each([
    ['that say no end', undefined, 'ok', /^me$/],
    ['with hours left', NOW + 3 * 60 * 60_000, 'ok', /until 2026-11-25T15:00:00/],
    ['with 15 minutes left', NOW + 15 * 60_000, 'ok', /until/],
    ['with 14 minutes left', NOW + 15 * 60_000 - 1, 'warn', /expire in 14 min/],
    ['at their end', NOW - 1000, 'warn', /expire in 0 min/],
  ])('%s', (_case, expiration, state, says) => {
    const verdict = judgeCredentials('me', expiration === undefined ? undefined : new Date(expiration), NOW);
    expect(verdict.state).toBe(state);
    expect(textOf(verdict)).toMatch(says);
  });
});

describe('the clock', () => {
  it.each([
    [undefined, 'skip', /no date/],
    [400, 'ok', /as that of AWS/],
    [-60_000, 'ok', /60 s ahead of AWS/],
    [61_000, 'warn', /61 s behind AWS/],
    [-300_000, 'warn', /300 s ahead/],
    [3_600_000, 'warn', /3600 s behind AWS/],
  ])('off by %s ms', (offset, state, says) => {
    const verdict = judgeClock(offset);
    expect(verdict.state).toBe(state);
    expect(textOf(verdict)).toMatch(says);
    if (state === 'warn' || state === 'fail') expect(fixOf(verdict)).toMatch(/Set the clock/);
  });
});

describe('a region that refuses credentials', () => {
  it.each([
    ['not-opted-in', 'fail', /has not enabled the region af-south-1/],
    [undefined, 'fail', /there is no region af-south-1/],
    ['opted-in', 'ok', /is enabled/],
  ])('with the status %s', (status, state, says) => {
    const verdict = judgeRefusingRegion('af-south-1', status);
    expect(verdict.state).toBe(state);
    expect(textOf(verdict)).toMatch(says);
  });

  it('is asked about where every account may ask, in partitions that have opt-in regions', () => {
    expect(regionToAskIn('af-south-1')).toBe('us-east-1');
    expect(['us-east-1', 'cn-north-1', 'us-gov-west-1'].map(regionToAskIn)).toEqual([undefined, undefined, undefined]);
  });
});

describe('a quota', () => {
  const quota = { service: 'vpc', code: 'L-F678F1CE', name: 'VPCs per Region' } as const;

  it.each([
    ['with room', 5, 4, 1, 'ok', /1 needed, and others have 4 of 5/],
    ['that is full', 5, 5, 1, 'fail', /"VPCs per Region" is too small: 1 needed, and others have 5 of 5/],
    ['that is too small for several', 5, 4, 3, 'fail', /3 needed/],
    ['that nobody tells', undefined, 4, 1, 'skip', /no value for L-F678F1CE/],
  ])('%s', (_case, limit, others, wanted, state, says) => {
    const verdict = judgeRoom({ quota, limit, others, wanted });
    expect(verdict.state).toBe(state);
    expect(textOf(verdict)).toMatch(says);
  });

  it('says how many have to go', () => {
    expect(fixOf(judgeRoom({ quota, limit: 5, others: 5, wanted: 2 }))).toMatch(/^Delete 2 .*L-F678F1CE/);
  });

  it.each([
    [{ min: 1, max: 10 }, 10, 'ok', /up to 10 of 10 vCPU/],
    [{ min: 1, max: 10 }, 6, 'warn', /largest number of tasks needs 10 vCPU, and the quota allows 6/],
    [{ min: 8, max: 10 }, 6, 'fail', /allows 6 vCPU, and the smallest number of tasks needs 8/],
    [{ min: 0, max: 10 }, 0, 'warn', /allows 0/],
    [{ min: 1, max: 1 }, undefined, 'skip', /no value/],
  ])('of vCPUs for %o tasks where %s are allowed', (need, limit, state, says) => {
    const verdict = judgeVcpus({ ...quota, service: 'fargate' }, limit, need);
    expect(verdict.state).toBe(state);
    expect(textOf(verdict)).toMatch(says);
  });
});

describe('the address range', () => {
  const tags = [{ Key: 'temporal-fargate:stack', Value: 'dev' }];
  const vpcs = [
    { VpcId: 'vpc-own', CidrBlock: '10.0.0.0/16', Tags: tags },
    {
      VpcId: 'vpc-two',
      CidrBlock: '10.8.0.0/16',
      CidrBlockAssociationSet: [{ CidrBlock: '10.8.0.0/16' }, { CidrBlock: '10.9.0.0/16' }],
    },
  ];

  it("is compared with all ranges of VPCs that are not this stack's", () => {
    expect(rangesOfOthers(vpcs, 'dev')).toEqual([
      { owner: 'vpc-two', cidr: '10.8.0.0/16' },
      { owner: 'vpc-two', cidr: '10.9.0.0/16' },
    ]);
  });

  it.each([
    ['10.0.0.0/16', 'ok', /overlaps with no other/],
    ['10.9.128.0/20', 'warn', /overlaps with vpc-two \(10\.9\.0\.0\/16\)/],
  ])('%s', (cidr, state, says) => {
    const verdict = judgeRanges(cidr, rangesOfOthers(vpcs, 'dev'));
    expect(verdict.state).toBe(state);
    expect(textOf(verdict)).toMatch(says);
  });
});

describe('zones', () => {
  it('that Fargate lacks are named, with those it has', () => {
    expect(judgeZones(['us-east-1a'], ['us-east-1a', 'us-east-1b']).state).toBe('ok');
    const verdict = judgeZones(['us-east-1a', 'us-east-1e'], ['us-east-1a', 'us-east-1b']);
    expect(textOf(verdict)).toMatch(/does not have us-east-1e/);
    expect(fixOf(verdict)).toBe('Choose --zones from us-east-1a, us-east-1b.');
  });
});

describe('Spot', () => {
  const workers = (changes: Record<string, number>): StackConfig['workers'] => referenceConfig(changes).workers;

  it('without a task on demand is worth a warning', () => {
    expect(judgeSpot(workers({})).state).toBe('warn');
    expect(judgeSpot(workers({ onDemandBase: 1 })).state).toBe('ok');
    expect(judgeSpot(workers({ spotWeight: 0 })).state).toBe('ok');
  });
});

describe('the end of an API key', () => {
  const token = (claims: object): string =>
    `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`;

  it.each([
    ['is read from a token', token({ exp: 1_800_000_000 }), 1_800_000_000_000],
    ['is not known of a token without one', token({ sub: 'me' }), undefined],
    ['is not known of one that is no number', token({ exp: 'never' }), undefined],
    ['is not known of a key that is no token', 'tmprl-key', undefined],
    ['is not known of what only looks like a token', 'a.b.c', undefined],
  ])('%s', (_case, key, end) => {
    expect(expiryOfToken(key)).toBe(end);
  });

  it.each([
    [20, 'ok', /good until 2026-12-15/],
    [14, 'ok', /good until/],
    [13.9, 'warn', /expires on 2026-12-09, in 13 days/],
    [-1, 'fail', /expired on 2026-11-24/],
  ])('%s days from now', (days, state, says) => {
    const verdict = judgeExpiry({ apiKey: token({ exp: (NOW + days * DAY) / 1000 }) }, NOW);
    expect(verdict.state).toBe(state);
    expect(textOf(verdict)).toMatch(says);
    if (state !== 'ok') expect(fixOf(verdict)).toMatch(/TEMPORAL_API_KEY/);
  });

  it('is skipped where nothing ends', () => {
    expect(judgeExpiry({}, NOW).state).toBe('skip');
    expect(judgeExpiry({ apiKey: 'opaque' }, NOW).state).toBe('skip');
  });
});

describe('a connection to Temporal', () => {
  const target = { address: 'ns.acct.tmprl.cloud:7233', namespace: 'ns.acct', tls: true };
  const states = (cause: unknown): string[] =>
    Object.values(judgeConnection(target, 'api-key', cause && failureOf(target, {}, cause))).map(({ state }) => state);

  it.each<[ObstacleKind, string]>([
    ['unknown-host', 'fail skip skip skip skip'],
    ['refused', 'ok fail skip skip skip'],
    ['timeout', 'ok fail skip skip skip'],
    ['plain-server', 'ok ok fail skip skip'],
    ['unknown-ca', 'ok ok fail skip skip'],
    ['client-certificate-refused', 'ok ok ok fail skip'],
  ])('that ends in %s', (kind, rows) => {
    expect(states(new Obstacle(kind)).join(' ')).toBe(rows);
  });

  it.each([
    ['a key that is refused', 16, 'ok ok ok fail skip'],
    ['a namespace that is not for this key', 7, 'ok ok ok ok fail'],
    ['a namespace that is not there', 5, 'ok ok ok ok fail'],
  ])('that ends in %s', (_case, code, rows) => {
    expect(states(Object.assign(new Error('no'), { code })).join(' ')).toBe(rows);
  });

  it('that comes through is in order in every row', () => {
    expect(states(undefined)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
  });

  it('that ends in an error of ours is not judged', () => {
    expect(() => judgeConnection(target, 'api-key', new TypeError('a bug'))).toThrow('a bug');
  });
});
