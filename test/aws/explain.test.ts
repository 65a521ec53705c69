import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { explainAwsError } from '../../src/aws/explain.ts';
import { type FailedCall, rememberCall } from '../../src/aws/failed-call.ts';
import { StepError } from '../../src/engine/failure.ts';
import { needsOf } from '../../src/engine/step.ts';
import type { Clock } from '../../src/engine/wait.ts';
import { ManyErrors, UserError } from '../../src/errors.ts';
import type { AwsStep } from '../../src/steps/define.ts';
import { formatError } from '../../src/ui/format-error.ts';
import { AwsStack } from '../helpers/aws-stack.ts';
import { useEmulator } from '../helpers/emulator.ts';
import { ANSWERS, CREATES, DELETES, type Operation, RETRIED, type Refusal } from './error-names.ts';

const emulator = useEmulator({ delaySeconds: 0.02 });

/** Hours pass in no time: whoever sleeps moves the clock, and leaves the emulator a moment. */
function hurriedClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    sleep: (ms) => {
      now += ms;
      return new Promise((resolve) => setTimeout(resolve, 5));
    },
  };
}

/** One step of the stack and what it needs, so that a test makes no more than it is about. */
class PartOfStack extends AwsStack {
  only = '';
  /** Every look is a call: the longest waits can do with fewer. */
  pollMs = 2000;
  private readonly clock = hurriedClock();

  override steps(): AwsStep[] {
    const all = super.steps();
    const wanted = new Set<string>();
    const add = (id: string): void => {
      if (wanted.has(id)) return;
      wanted.add(id);
      for (const need of needsOf(all.find((step) => step.id === id) as AwsStep)) add(need.step.id);
    };
    add(this.only);
    return all.filter((step) => wanted.has(step.id));
  }

  override context() {
    // Hours pass here while the emulator's tasks take their real seconds.
    return { ...super.context(), clock: this.clock, pollMs: this.pollMs, standstillMs: Number.POSITIVE_INFINITY };
  }
}

let folder: string;
let stack: PartOfStack | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-explain-'));
});
afterEach(() => stack?.close());
afterAll(() => rmSync(folder, { recursive: true }));

/** A stack of this one step in an empty account. */
async function fresh(only: string): Promise<PartOfStack> {
  await emulator.reset();
  stack = new PartOfStack(emulator.address, folder);
  stack.only = only;
  return stack;
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('the run did not fail');
}

/** Verb and thing, AWS's own code, a fix that is no shrug, and no stack. */
function expectExplained(error: unknown, { name, thing, fix }: Refusal & { thing: string }): void {
  const explained = explainAwsError(error);
  if (!(explained instanceof UserError)) throw new Error(`not explained: ${String(error)}`, { cause: error });
  expect(explained.message).toContain(name);
  const [, about = ''] =
    /^(?:waiting for AWS to accept|waiting for|creating|updating|deleting) (.*)/.exec(explained.message) ?? [];
  expect(about.slice(0, thing.length)).toBe(thing);
  expect(explained.message).not.toMatch(/\n|Encoded authorization/);
  expect(explained.code).not.toBe('AWS_REFUSED');
  expect(explained.fix).toMatch(/^[A-Z].{15,}[.)]$/s);
  expect(formatError(explained, false)).not.toMatch(/^\s+at /m);
  if (fix) expect(explained.fix).toMatch(fix);
}

/** Has AWS refuse one operation in each of its ways, and the same run fail at it again and again. */
async function expectRefusals({ service, operation, thing, refusals }: Operation, run: () => Promise<unknown>) {
  for (const { name, wire, message, fix } of refusals) {
    await emulator.fault({
      ...{ kind: 'error', match: { service, operation }, times: 9999, status: 400 },
      ...{ code: wire ?? name, message: message ?? 'AWS says why.' },
    });
    expectExplained(await failure(run()), { name, thing, ...(fix ? { fix } : {}) });
    await emulator.clearFaults();
  }
}

const title = ({ operation, refusals }: Operation): string =>
  `${operation}: ${refusals.map(({ name }) => name).join(', ')}`;

describe('A create or update that AWS refuses says what, why and what to do', () => {
  it.each(CREATES.map((operation) => [title(operation), operation] as const))('%s', async (_title, operation) => {
    const part = await fresh(operation.step);
    await expectRefusals(operation, () => part.up());
  });
});

describe('A delete that AWS refuses for as long as anybody waits says what, why and what to do', () => {
  it.each(DELETES.map((operation) => [title(operation), operation] as const))('%s', async (_title, operation) => {
    const part = await fresh(operation.step);
    await part.up();
    part.pollMs = 20_000;
    await expectRefusals(operation, () => part.down({ purge: true }));
  });
});

describe('Every code that AWS may answer with', () => {
  const sdkError = (name: string, message = 'AWS says why.'): Error =>
    Object.assign(new Error(message), { name, $fault: 'client', $metadata: { httpStatusCode: 400 } });

  it.each([...RETRIED, ...ANSWERS])('%s has a meaning and a fix, wherever it comes from', (name) => {
    const error = new StepError('creating', { id: 'x', title: 'thing' }, undefined, sdkError(name));
    expectExplained(error, { name, thing: 'thing' });
  });

  it('of no table is quoted with its code', () => {
    const error = new StepError('creating', { id: 'x', title: 'thing' }, 't-1', sdkError('Brand.New', 'Not\n  today.'));
    expect(explainAwsError(error)).toMatchObject({
      code: 'AWS_REFUSED',
      message: 'creating thing t-1: AWS refuses (Brand.New: Not today.)',
    });
  });

  it('and that concerns the whole run is one message, however many steps it stopped', () => {
    const step = (title: string, name: string): Error =>
      new StepError('creating', { id: title, title }, undefined, sdkError(name));
    const many = new ManyErrors([step('VPC', 'ExpiredToken'), step('role', 'ExpiredTokenException')]);
    expect(explainAwsError(many)).toMatchObject({ code: 'CREDENTIALS_EXPIRED' });
    expect(explainAwsError(new ManyErrors([step('VPC', 'OptInRequired'), step('role', 'VpcLimitExceeded')]))).toEqual(
      expect.objectContaining({
        errors: [expect.objectContaining({ code: 'REGION_DISABLED' }), expect.objectContaining({ code: 'AWS_QUOTA' })],
      }),
    );
  });
});

describe('A denied call', () => {
  const denied = (message: string, call?: FailedCall): UserError => {
    const error = Object.assign(new Error(message), {
      ...{ name: 'AccessDenied', $fault: 'client', $metadata: { httpStatusCode: 403 } },
    });
    if (call) rememberCall(error, call);
    return explainAwsError(error) as UserError;
  };

  it.each([
    [
      'User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::b/k" because no identity-based policy allows the s3:PutObject action',
      'arn:aws:sts::1:assumed-role/r/s may not s3:PutObject on arn:aws:s3:::b/k (AccessDenied, because no identity-based policy allows the s3:PutObject action)',
      'Allow s3:PutObject on arn:aws:s3:::b/k for these credentials',
    ],
    [
      'User: arn:aws:iam::1:user/ada is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::1:role/r with an explicit deny in a service control policy',
      'may not iam:CreateRole on arn:aws:iam::1:role/r (AccessDenied, with an explicit deny in a service control policy)',
      'A policy denies it explicitly',
    ],
    [
      'User: arn:aws:iam::1:user/ada is not authorized to perform: ecs:CreateCluster',
      'user/ada may not ecs:CreateCluster (AccessDenied)',
      'Allow ecs:CreateCluster for these credentials',
    ],
  ])('names who, action, resource and reason: %s', (message, says, fix) => {
    const explained = denied(message);
    expect(explained.message).toContain(says);
    expect(explained.fix).toContain(fix);
  });

  it('without a word of AWS names the action of the call', () => {
    const explained = denied('Access Denied', { service: 'S3', operation: 'HeadBucket' });
    expect(explained.message).toBe('calling S3 HeadBucket: these credentials may not s3:ListBucket (AccessDenied)');
    expect(explained.fix).toMatch(/^Allow s3:ListBucket for these credentials/);
  });

  it.each<[FailedCall, RegExp]>([
    [
      { service: 'S3', operation: 'PutBucketPolicy', ofState: true },
      /shared by all stacks.*temporal-fargate state create$/m,
    ],
    [{ service: 'IAM', operation: 'CreateRole' }, /with the boundary only, which --permissions-boundary gives them/],
    [{ service: 'IAM', operation: 'DeleteRolePermissionsBoundary' }, /Only an administrator takes the boundary off/],
    [{ service: 'S3', operation: 'PutBucketPolicy' }, /^(?!.*state create)/s],
  ])('tells what is not in the policy for one stack: %j', (call, says) => {
    const { fix } = denied('Access Denied', { ...call, purpose: { command: 'init', flags: '--stack dev' } });
    expect(fix).toMatch(says);
    expect(fix).toMatch(/^All that init needs: temporal-fargate policy --for init --stack dev$/m);
  });

  it('is known by its call through the real clients', async () => {
    const part = await fresh('data/bucket');
    await emulator.fault({
      ...{ kind: 'error', match: { service: 's3', operation: 'GetBucketTagging' }, times: 9 },
      ...{ status: 403, code: 'AccessDenied', message: 'Access Denied' },
    });
    const explained = explainAwsError(await failure(part.up()));
    expect(formatError(explained, false)).toBe(
      [
        '✖ looking for data bucket: these credentials may not s3:GetBucketTagging (AccessDenied)',
        '  Allow s3:GetBucketTagging for these credentials, or ask whoever administers the account to.',
      ].join('\n'),
    );
  });
});
