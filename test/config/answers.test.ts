import { describe, expect, it } from 'vitest';
import { type Gathering, gather } from '../../src/config/answers.ts';
import type { Asker } from '../../src/config/asker.ts';
import type { Answer, Answers, Option, OptionKey } from '../../src/config/option.ts';
import { flagOf, OPTIONS, shown } from '../../src/config/options.ts';
import type { Sources } from '../../src/config/sources.ts';
import { contradictions } from '../../src/config/stack-config.ts';
import { UserError } from '../../src/errors.ts';

const ZONES = ['us-east-1a', 'us-east-1b', 'us-east-1c'];

/** Everything that has no default, so that a test says only what it is about. */
const GIVEN: Answers = { temporalAddress: 'localhost:7233', temporalApiKey: 'planted-key' };

interface Gathered {
  readonly answers: Answers;
  /** "--cpu 512 (TEMPORAL_FARGATE_CPU)" */
  readonly echoed: string[];
}

async function gathered(sources: Partial<Sources>, rest: Partial<Gathering> = {}): Promise<Gathered> {
  const echoed: string[] = [];
  const answers = await gather({
    stage: 'what',
    sources: { flags: {}, env: {}, file: {}, state: {}, ...sources },
    known: { zones: ZONES },
    given: {},
    stored: [],
    fallback: {},
    echo: (option, answer, source) => echoed.push(`${flagOf(option.key)} ${shown(option, answer)} (${source})`),
    ...rest,
  });
  return { answers, echoed };
}

async function refused(answer: Promise<unknown>): Promise<UserError> {
  try {
    await answer;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('the answers were not refused');
}

const optionOf = (key: OptionKey): Option => {
  const option = OPTIONS.find((candidate) => candidate.key === key);
  if (!option) throw new Error(`no option ${key}`);
  return option;
};

describe('an answer', () => {
  const flags = { ...GIVEN, taskQueue: 'by-flag' };
  const env = { TEMPORAL_TASK_QUEUE: 'by-env' };
  const file = { taskQueue: 'by-file' };
  const state = { taskQueue: 'by-state' };

  it.each<[string, Partial<Sources>, string]>([
    ['a flag first', { flags, env, file, state }, 'by-flag (--task-queue)'],
    ['then the environment', { flags: GIVEN, env, file, state }, 'by-env (TEMPORAL_TASK_QUEUE)'],
    ['then the config file', { flags: GIVEN, file, state }, 'by-file (config file)'],
    ['then what the stack has', { flags: GIVEN, state }, 'by-state (this stack)'],
    ['then the default', { flags: GIVEN }, 'test-queue (default)'],
  ])('comes from %s, and is echoed with where it comes from', async (_first, sources, says) => {
    const { answers, echoed } = await gathered(sources);
    expect(echoed).toContain(`--task-queue ${says}`);
    expect(answers.taskQueue).toBe(says.split(' ')[0]);
  });

  it('in an empty variable is none, and the next name of the variable counts', async () => {
    const { answers } = await gathered({ flags: GIVEN, env: { TEMPORAL_TASK_QUEUE: '' }, state });
    expect(answers.taskQueue).toBe('by-state');
    const where = { env: { AWS_REGION: '', AWS_DEFAULT_REGION: 'eu-west-1' } };
    expect((await gathered(where, { stage: 'where' })).answers.region).toBe('eu-west-1');
  });

  it('of false or 0 is an answer', async () => {
    const { answers } = await gathered({
      flags: { ...GIVEN, minTasks: 0, temporalTls: false },
      state: { minTasks: 3 },
    });
    expect([answers.minTasks, answers.temporalTls]).toEqual([0, false]);
  });

  it('of the machine is weaker than all sources and stronger than the default', async () => {
    const fallback = { region: 'eu-west-1', stack: 'machine' };
    const { answers } = await gathered({ state: { region: 'us-east-1' } }, { stage: 'where', fallback });
    expect([answers.region, answers.stack]).toEqual(['us-east-1', 'machine']);
  });

  it.each<[string, Answer]>([
    ...['1', 'true', 'TRUE', 'yes'].map((text): [string, Answer] => [text, true]),
    ...['0', 'false', 'False', 'no'].map((text): [string, Answer] => [text, false]),
  ])('of a yes-or-no question may be written %s in the environment', async (text, answer) => {
    expect((await gathered({ flags: GIVEN, env: { TEMPORAL_TLS: text } })).answers.temporalTls).toBe(answer);
  });

  it('in the environment is a number where one is asked for', async () => {
    expect((await gathered({ flags: GIVEN, env: { TEMPORAL_FARGATE_CPU: '512' } })).answers.cpu).toBe(512);
  });
});

describe('a secret that is there already', () => {
  const secretArn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:temporal-AbCdEf';

  it.each(['api-key', 'mtls'])('answers for the credentials of %s', async (temporalAuth) => {
    const { answers } = await gathered({ flags: { temporalAddress: 'localhost:7233', temporalAuth, secretArn } });
    const credentials = ['temporalApiKey', 'temporalTlsClientCert', 'temporalTlsClientKey'];
    expect([answers.secretArn, ...Object.keys(answers).filter((key) => credentials.includes(key))]).toEqual([
      secretArn,
    ]);
  });

  it('does not go with credentials on the command line, nor with none at all', async () => {
    const both = await refused(gathered({ flags: { ...GIVEN, secretArn } }));
    expect(both.message).toContain('--temporal-api-key-file: it has no use with the other answers');
    const none = await refused(
      gathered({ flags: { temporalAddress: 'localhost:7233', temporalAuth: 'none', secretArn } }),
    );
    expect(none.message).toContain('--secret-arn: it has no use with the other answers');
  });

  it('is asked about the credentials again when it is taken back', async () => {
    const { message } = await refused(
      gathered({ flags: { temporalAddress: 'localhost:7233', secretArn: '' }, state: { secretArn } }),
    );
    expect(message).toContain('missing: Temporal API key');
  });
});

describe('defaults', () => {
  it('are the reference stack with the first two zones, on arm64', async () => {
    const { answers } = await gathered({ flags: GIVEN });
    expect(answers).toMatchObject({
      ...{ cidr: '10.0.0.0/16', zones: 'us-east-1a,us-east-1b', network: 'private', cpu: 1024, memory: 2048 },
      ...{ architecture: 'arm64', spotWeight: 4, onDemandWeight: 1, onDemandBase: 0, minTasks: 1, maxTasks: 10 },
      ...{ scaleOutAt: 30, scaleInAt: 20, stopTimeout: 120, logRetentionDays: 7, taskQueue: 'test-queue' },
    });
  });

  it.each<[string, Answers, boolean]>([
    ['TLS to another machine', { temporalAddress: 'ns.acct.tmprl.cloud:7233', temporalApiKey: 'k' }, true],
    ['no TLS to this machine', { temporalAddress: '127.0.0.1:7233', temporalApiKey: 'k' }, false],
    ['TLS to a name that only begins like this machine', { temporalAddress: '127.a.com', temporalApiKey: 'k' }, true],
    ['no TLS without a key', { temporalAddress: 'temporal.internal:7233', temporalAuth: 'none' }, false],
  ])('are %s', async (_what, flags, tls) => {
    expect((await gathered({ flags })).answers.temporalTls).toBe(tls);
  });

  it('in the sandbox are its server, this machine and no key, unless one is given', async () => {
    const known = { zones: ZONES, sandbox: { temporalAddress: '127.0.0.1:7', architecture: 'x86_64' } } as const;
    const plain = (await gathered({}, { known })).answers;
    expect([plain.temporalAddress, plain.temporalAuth, plain.architecture]).toEqual(['127.0.0.1:7', 'none', 'x86_64']);
    expect('temporalApiKey' in plain).toBe(false);
    const { answers } = await gathered({ env: { TEMPORAL_API_KEY: 'k' } }, { known });
    expect([answers.temporalAuth, answers.temporalApiKey]).toEqual(['api-key', 'k']);
  });
});

describe('missing and wrong answers', () => {
  it('that are missing are all in one usage error, each with how to give it', async () => {
    const error = await refused(gathered({}, { known: { zones: [] } }));
    expect([error.code, error.exitCode]).toEqual(['MISSING_ANSWERS', 64]);
    expect(error.message).toContain('Address of the Temporal server (--temporal-address or TEMPORAL_ADDRESS)');
    expect(error.message).toContain('Temporal API key (TEMPORAL_API_KEY or --temporal-api-key-file)');
  });

  it('that are wrong are all in one usage error, beside those that are missing', async () => {
    const flags = {
      taskQueue: 'q',
      cidr: 'mine',
      network: 'double',
      minTasks: 'five',
      logRetentionDays: 8,
      stopTimeout: 1,
    };
    const error = await refused(gathered({ flags, env: { TEMPORAL_TLS: 'maybe' } }));
    expect([error.code, error.exitCode]).toEqual(['MISSING_ANSWERS', 64]);
    for (const says of [
      '--cidr: "mine" is no IPv4 range',
      '--network: "double" is not one of private, private-per-az, public, existing, shared',
      '--min-tasks: "five" is not a number',
      '--log-retention-days: CloudWatch Logs cannot keep logs for 8 days',
      '--stop-timeout: "1" is not a whole number from 2 to 120',
      '--temporal-tls: "maybe" is neither true nor false',
      'missing: ',
    ]) {
      expect(error.message).toContain(says);
    }
    const wrong = await refused(gathered({ flags: { ...GIVEN, ...flags } }));
    expect([wrong.code, wrong.exitCode]).toEqual(['BAD_ANSWER', 64]);
    expect(wrong.message).not.toContain('missing');
  });

  it('never hold a secret', async () => {
    const { message, fix } = await refused(gathered({ flags: { ...GIVEN, network: 'double' } }));
    expect(message + fix).not.toContain('planted-key');
    const { echoed } = await gathered({ flags: GIVEN });
    expect(echoed.join('\n')).not.toContain('planted-key');
    expect(echoed).toContain('--temporal-api-key-file ******** (--temporal-api-key-file)');
  });

  it('that are stored already are not missing', async () => {
    const { answers } = await gathered({ flags: { temporalAddress: 'a:1' } }, { stored: ['temporalApiKey'] });
    expect('temporalApiKey' in answers).toBe(false);
  });

  it('about a VPC of the stack are not asked for where there is one, and those about that one only there', async () => {
    const existing = { network: 'existing', vpcId: 'vpc-0a1', subnetIds: 'subnet-0a1' };
    const { answers } = await gathered({ flags: { ...GIVEN, ...existing } });
    expect(answers).toMatchObject({ ...existing, assignPublicIp: 'auto' });
    expect(['cidr' in answers, 'zones' in answers]).toEqual([false, false]);
    const { message } = await refused(gathered({ flags: { ...GIVEN, vpcId: 'vpc-0a1' } }));
    expect(message).toContain('--vpc-id: it has no use with the other answers');
  });

  it.each<[string, string, string]>([
    ['a name for an id', 'main', '"main" is no id of a subnet, such as subnet-0a1b2c3d'],
    ['nothing', ' , ', '" , " is no id of a subnet'],
    ['the same subnet twice', 'subnet-0a1, subnet-0a1', 'the same subnet is named twice'],
  ])('about subnets that are %s are refused', async (_what, subnetIds, says) => {
    const flags = { ...GIVEN, network: 'existing', vpcId: 'vpc-0a1', subnetIds };
    expect((await refused(gathered({ flags }))).message).toContain(`--subnet-ids: ${says}`);
  });

  it('that nobody needs are neither asked for nor kept', async () => {
    const flags = { temporalAddress: 'localhost', temporalAuth: 'none' };
    const asked: string[] = [];
    const ask: Asker = {
      one: async ({ key }, { suggestion }) => {
        asked.push(key);
        return suggestion ?? '';
      },
      joint: async ({ keys }, _choices, suggested) => {
        asked.push(...keys);
        return suggested;
      },
      tell: () => undefined,
    };
    const { answers } = await gathered({ flags, env: { TEMPORAL_API_KEY: 'planted-key' } }, { ask });
    expect(asked).not.toContain('temporalApiKey');
    expect(answers.temporalApiKey).toBeUndefined();
    expect(asked).not.toContain('temporalAddress');
  });
});

describe('every option', () => {
  it.each(OPTIONS.map((option) => option.key))('%s has a flag, a question and a help line of its own', (key) => {
    const option = optionOf(key);
    expect(flagOf(key)).toMatch(/^--[a-z]+(-[a-z]+)*$/);
    expect(option.question).not.toBe('');
    expect(option.help).toMatch(/\.$/);
    expect(option.env.length).toBeGreaterThan(0);
  });

  it('has a default that it accepts itself', async () => {
    const { answers } = await gathered({ flags: GIVEN });
    for (const option of OPTIONS.filter(({ stage }) => stage === 'what')) {
      const answer = answers[option.key];
      if (answer !== undefined)
        expect([option.key, option.validate?.(answer, answers)]).toEqual([option.key, undefined]);
    }
  });

  it('is read from a variable of its own', () => {
    const names = OPTIONS.flatMap(({ env }) => env);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('an answer of the wrong kind', () => {
  const file = (value: unknown) => value as Answer;

  it.each<[string, Partial<Sources>, string]>([
    ['a word', { env: { TEMPORAL_FARGATE_CPU: 'lots' } }, '--cpu: "lots" is not a number (from TEMPORAL_FARGATE_CPU)'],
    ...['1e3', '0x10', 'NaN', 'Infinity', '1_000', '1,5', '+5', '--memory'].map(
      (text): [string, Partial<Sources>, string] => [
        `the text ${text} for a number`,
        { env: { TEMPORAL_FARGATE_MIN_TASKS: text } },
        `--min-tasks: "${text}" is not a number`,
      ],
    ),
    [
      'less than nothing',
      { env: { TEMPORAL_FARGATE_MIN_TASKS: '-1' } },
      '--min-tasks: "-1" is not a whole number from',
    ],
    ['a half', { env: { TEMPORAL_FARGATE_MIN_TASKS: '1.5' } }, '--min-tasks: "1.5" is not a whole number from 0 to'],
    ['text for a number', { file: { cpu: '512' } }, '--cpu: "512" is not a number (from config file)'],
    ['a number for text', { file: { taskQueue: 7 } }, '--task-queue: 7 is not text; write "7" (from config file)'],
    ['null', { file: { cpu: file(null) } }, '--cpu: null is no answer; leave it out to have the default'],
    ['a list', { file: { cpu: file([1]) } }, '--cpu: [1] is a list or an object, where one value is asked for'],
    ['an object', { file: { taskQueue: file({ a: 1 }) } }, '--task-queue: {"a":1} is a list or an object'],
    [
      'too large a number',
      { file: { maxTasks: Number.POSITIVE_INFINITY } },
      '--max-tasks: "Infinity" is not a whole number from 1 to',
    ],
  ])('is refused with its value and where it comes from: %s', async (_what, { file: values = {}, env = {} }, says) => {
    const { message } = await refused(gathered({ flags: GIVEN, env, file: values }));
    expect(message).toContain(says);
  });

  it('of white space only is none', async () => {
    const { answers } = await gathered({ flags: GIVEN, env: { TEMPORAL_TASK_QUEUE: ' \t\n' } });
    expect(answers.taskQueue).toBe('test-queue');
  });

  it('may have white space around it', async () => {
    const { answers } = await gathered({
      flags: GIVEN,
      env: { TEMPORAL_TASK_QUEUE: ' q\n', TEMPORAL_FARGATE_CPU: '512 ' },
    });
    expect([answers.taskQueue, answers.cpu]).toEqual(['q', 512]);
  });
});

describe('everything wrong at once', () => {
  it('is one message: missing, wrong by itself, and not going together', async () => {
    const flags = {
      ...{ minTasks: 5, maxTasks: 2, stopTimeout: 500, logRetentionDays: 8 },
      ...{ network: 'mesh', cidr: '10.0.0.0/8', zones: 'us-east-1a,us-east-1a' },
    };
    const account = { accountId: '123456789012', partition: 'aws' };
    const where = { stack: 'dev', region: 'us-east-1' };
    const { message } = await refused(
      gathered(
        { flags, env: { TEMPORAL_TLS: 'maybe' } },
        { given: where, contradictions: (answers, unclear) => contradictions(answers, account, unclear) },
      ),
    );
    expect(message.split('\n').map((line) => line.replace(/: .*/, ''))).toEqual([
      ...['--temporal-tls', '--network', '--stop-timeout', '--log-retention-days'],
      ...['--zones', '--cidr', '--min-tasks and --max-tasks', 'missing'],
    ]);
  });

  it('names what is wrong with later questions too when an earlier one is refused', async () => {
    const sources = { flags: { stack: 'Prod_1', cpu: 'lots' }, file: { minTasks: -1 } };
    const { message } = await refused(gathered(sources, { stage: 'where', alsoOtherStage: true }));
    for (const flag of ['--stack: ', '--cpu: ', '--min-tasks: ', 'missing: AWS region'])
      expect(message).toContain(flag);
    const alone = await refused(gathered(sources, { stage: 'where' }));
    expect(alone.message).not.toContain('--cpu');
  });
});
