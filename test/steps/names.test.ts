import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPTIONS } from '../../src/config/options.ts';
import { STACK_NAME } from '../../src/config/stack-name.ts';
import { clusterName } from '../../src/steps/compute/cluster.ts';
import { logGroupName } from '../../src/steps/compute/log-group.ts';
import { familyName } from '../../src/steps/compute/task-definition.ts';
import { dataBucketName } from '../../src/steps/data/data-bucket.ts';
import { roleName } from '../../src/steps/identity/role-name.ts';
import { repositoryName } from '../../src/steps/image/repository.ts';
import { alarmName } from '../../src/steps/scaling/alarm.ts';
import { secretName } from '../../src/steps/secrets/temporal-secret.ts';
import { stateBucket } from '../../state/bucket.ts';

const ACCOUNT = '123456789012';
/** Every region with the longest name of its kind, in all partitions. */
const REGIONS = ['us-east-1', 'ap-southeast-2', 'ap-northeast-3', 'us-gov-west-1', 'eusc-de-east-1', 'us-isob-east-1'];

interface Kind {
  readonly what: string;
  /** Longest name and its characters. Source: API reference of the create call (2026-11). */
  readonly most: number;
  readonly characters: RegExp;
  readonly names: (stack: string, worker: string, region: string) => string[];
}

const KINDS: readonly Kind[] = [
  {
    ...{ what: 'role', most: 64, characters: /^[\w+=,.@-]+$/ },
    names: (stack, _worker, region) => ['execution', 'task'].map((kind) => roleName(kind, region, stack)),
  },
  {
    ...{ what: 'bucket', most: 63, characters: /^[a-z0-9][a-z0-9.-]*[a-z0-9]$/ },
    names: (stack, _worker, region) => [
      dataBucketName(stack, ACCOUNT, region),
      stateBucket({ accountId: ACCOUNT, region }).Bucket,
    ],
  },
  { what: 'cluster', most: 255, characters: /^[A-Za-z0-9_-]+$/, names: (stack) => [clusterName(stack)] },
  { what: 'service', most: 255, characters: /^[A-Za-z0-9_-]+$/, names: (_stack, worker) => [worker] },
  {
    ...{ what: 'task definition family', most: 255, characters: /^[A-Za-z0-9_-]+$/ },
    names: (stack, worker) => [familyName(stack, worker)],
  },
  { what: 'secret', most: 512, characters: /^[A-Za-z0-9/_+=.@-]+$/, names: (stack) => [secretName(stack)] },
  { what: 'log group', most: 512, characters: /^[\w/.#-]+$/, names: (stack) => [logGroupName(stack)] },
  {
    ...{ what: 'alarm', most: 255, characters: /^[\x20-\x7e]+$/ },
    names: (stack, worker) => ['high', 'low'].map((kind) => alarmName(stack, worker, kind)),
  },
  {
    ...{ what: 'ECR repository', most: 256, characters: /^[a-z0-9]+([._/-][a-z0-9]+)*$/ },
    names: (stack) => [repositoryName(stack)],
  },
  { what: 'object key', most: 1024, characters: /^[\w/.-]+$/, names: (stack) => [`${stack}/state.json`] },
];

/** Names that a stack or worker may have, long ones and those that invite confusion among them. */
const name = fc.oneof(
  fc.stringMatching(/^[a-z](-?[a-z0-9]){1,19}$/).filter((text) => STACK_NAME.test(text)),
  fc.constantFrom(
    'dev',
    'dev-task',
    'dev-execution',
    'dev-data',
    'state',
    'data',
    'worker',
    'dev-worker',
    'a-b',
    'b-c',
  ),
);
const longest = fc.constantFrom('a'.repeat(20), `a${'-b'.repeat(9)}b`);

describe('What is named after a stack', () => {
  it.each(KINDS)('is a name that AWS takes: $what, at most $most long', ({ most, characters, names }) => {
    fc.assert(
      fc.property(fc.oneof(name, longest), fc.oneof(name, longest), fc.constantFrom(...REGIONS), (...parts) => {
        for (const made of names(...parts)) {
          expect(made.length).toBeLessThanOrEqual(most);
          expect(made).toMatch(characters);
        }
      }),
    );
  });

  it.each(KINDS.filter(({ what }) => what !== 'service' && what !== 'bucket'))(
    'differs from what any other stack has, in upper case too: $what',
    ({ names }) => {
      const place = fc.tuple(name, name, fc.constantFrom(...REGIONS));
      fc.assert(
        fc.property(place, place, (one, other) => {
          fc.pre(one[0] !== other[0]);
          const taken = new Set(names(...one).map((text) => text.toUpperCase()));
          expect(names(...other).filter((text) => taken.has(text.toUpperCase()))).toEqual([]);
        }),
        { numRuns: 1000 },
      );
    },
  );

  it('is a data bucket of its own, never the state bucket', () => {
    fc.assert(
      fc.property(name, name, (one, other) => {
        fc.pre(one !== other);
        const [state, ...data] = [
          stateBucket({ accountId: ACCOUNT, region: 'us-east-1' }).Bucket,
          ...[one, other].map((stack) => dataBucketName(stack, ACCOUNT, 'us-east-1')),
        ];
        expect(new Set([state, ...data]).size).toBe(3);
      }),
    );
  });
});

describe('A stack name', () => {
  const validate = (text: string) => OPTIONS.find(({ key }) => key === 'stack')?.validate?.(text, {});

  it.each(['dev', 'a1', 'prod-eu', 'null', 'constructor', 'a'.repeat(20), 'a-b-c'])('%s is taken', (text) => {
    expect(validate(text)).toBeUndefined();
  });

  it.each([
    ...['', 'a', 'Dev', 'DEV', '1dev', '-dev', 'dev-', 'a--b', 'dev_1', 'dev.1', 'dev 1', 'dev/1', '../dev', 'dev\n'],
    ...['café', 'cafe\u0301', 'ｄｅｖ', 'dеv', 'ımg', '🚀🚀', '__proto__', 'a'.repeat(21), 'a'.repeat(255)],
  ])('%j is refused with what one looks like', (text) => {
    expect(validate(text)).toMatch(
      /no stack name: 2 to 20 lower-case letters, digits and single hyphens, first a letter/,
    );
  });
});
