import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gather } from '../../src/config/answers.ts';
import type { Asker } from '../../src/config/asker.ts';
import { configFileText } from '../../src/config/config-file.ts';
import { readWorkers } from '../../src/config/config-file-workers.ts';
import type { Answers, OptionKey } from '../../src/config/option.ts';
import { OPTIONS } from '../../src/config/options.ts';
import type { StackConfig } from '../../src/config/schema.ts';
import { answeredWorkers, isPerWorker, type Naming } from '../../src/config/several-workers.ts';
import type { Sources } from '../../src/config/sources.ts';
import { contradictions, toAnswers, toStackConfig } from '../../src/config/stack-config.ts';
import { workerAnswers } from '../../src/config/worker-config.ts';
import { UserError } from '../../src/errors.ts';
import { REFERENCE_ANSWERS } from '../helpers/aws-stack.ts';

const ACCOUNT = { accountId: '123456789012', partition: 'aws' };
const CLOUD: Answers = { temporalAuth: 'api-key', temporalTls: true };
const STACK: Answers = { temporalAddress: '127.0.0.1:7233', temporalAuth: 'none', temporalTls: false };

/** What `init --yes` makes of these sources. */
async function made(naming: Partial<Naming>, sources: Partial<Sources>, ask?: Asker): Promise<StackConfig> {
  const all = { env: {}, state: {}, flags: {}, ...sources, file: { ...STACK, ...sources.file } };
  const common = { known: { zones: ['us-east-1a'] }, fallback: {}, given: { stack: 'dev', region: 'us-east-1' } };
  const apart = await answeredWorkers({ state: [], ...naming }, all, common);
  const answers = await gather({
    ...{ ...common, stage: 'what', sources: all, stored: [], echo: () => undefined, ask },
    ...(apart && { about: (option) => !isPerWorker(option) }),
    contradictions: (given, unclear) => contradictions(given, ACCOUNT, unclear, apart),
  });
  return toStackConfig({ ...answers, ...common.given }, ACCOUNT, undefined, apart);
}

async function refused(naming: Partial<Naming>, sources: Partial<Sources> = {}): Promise<string> {
  const error = await made(naming, sources).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof UserError)) throw error ?? new Error('it was not refused');
  expect(error.exitCode).toBe(64);
  return error.message;
}

/** As the file of --config lists them. */
const listed = (...entries: ({ name: string } & Record<string, unknown>)[]): Naming['file'] => {
  const { workers, problems } = readWorkers(entries);
  expect(problems).toEqual([]);
  return workers;
};

const stored = (config: StackConfig): Naming['state'] =>
  config.workers.map((worker) => ({ name: worker.name, answers: workerAnswers(worker) }));

const sizes = ({ workers }: StackConfig) =>
  workers.map(({ name, taskQueue, cpu, memory }) => [name, taskQueue, cpu, memory]);

const TWO = listed(
  { name: 'orders', taskQueue: 'order-queue', cpu: 512, memory: 1024 },
  { name: 'billing', maxTasks: 3 },
);

describe('workers that the config file lists', () => {
  it('have what their entries say, else what stands beside the list, else the defaults; a queue is named for its worker', async () => {
    const config = await made({ file: TWO }, { file: { memory: 4096, stopTimeout: 60 } });
    expect(sizes(config)).toEqual([
      ['orders', 'order-queue', 512, 1024],
      ['billing', 'billing', 1024, 4096],
    ]);
    expect(config.workers.map(({ scaling, stopTimeoutSeconds }) => [scaling.max, stopTimeoutSeconds])).toEqual([
      [10, 60],
      [3, 60],
    ]);
  });

  it('have variables, secrets and permissions of their own, and come back with them from the file that init writes', async () => {
    const secret = { DB: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf:password' };
    const taskPolicy = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'sqs:*', Resource: '*' } };
    const own = { env: { LOG_LEVEL: 'debug', GREETING: ' "hi"\n' }, secret, taskPolicy };
    const config = await made(
      { file: listed({ name: 'orders', ...own }, { name: 'billing' }) },
      { file: { env: { LOG_LEVEL: 'info' } as never, egressPorts: '5432' } },
    );
    expect(config.egressPorts).toEqual([{ from: 5432, to: 5432 }]);
    expect(config.workers).toMatchObject([
      { environment: own.env, secrets: { DB: { jsonKey: 'password' } }, taskPolicy },
      { environment: { LOG_LEVEL: 'info' } },
    ]);
    expect(config.workers[1]).not.toHaveProperty('secrets');
    const { workers } = JSON.parse(configFileText({ answers: {}, workers: stored(config) ?? [] }));
    expect(workers[0]).toMatchObject(own);
    expect(await made({ file: listed(...workers) }, { file: { egressPorts: '5432' } })).toEqual(config);
  });

  it('are not moved by the environment, which speaks of the only worker of a stack', async () => {
    const env = { TEMPORAL_TASK_QUEUE: 'shell', TEMPORAL_FARGATE_CPU: '256' };
    expect(await made({ file: TWO }, { env })).toEqual(await made({ file: TWO }, {}));
  });

  it('are not asked about', async () => {
    const asked: OptionKey[] = [];
    const person: Asker = {
      one: async ({ key }, { suggestion = '' }) => {
        asked.push(key);
        return suggestion;
      },
      joint: async ({ keys }, _choices, suggested) => {
        asked.push(...keys);
        return suggested;
      },
      again: async (_answers, open) => {
        asked.push(...open);
        return [];
      },
      tell: (problem) => expect.fail(problem),
    };
    expect(await made({ file: TWO }, {}, person)).toEqual(await made({ file: TWO }, {}));
    expect(asked).toEqual(expect.arrayContaining(['network', 'logRetentionDays']));
    expect(OPTIONS.filter(({ key, perWorker }) => perWorker && asked.includes(key))).toEqual([]);
  });

  it('are as docs/workers.md shows them', async () => {
    const page = readFileSync(new URL('../../docs/workers.md', import.meta.url), 'utf8');
    const { workers, ...answers } = JSON.parse(/```json\n([^`]*)```/.exec(page)?.[1] ?? '');
    const env = { TEMPORAL_API_KEY: 'key' };
    const config = await made({ file: listed(...workers) }, { file: { ...answers, ...CLOUD }, env });
    expect(sizes(config)).toEqual([
      ['orders', 'order-queue', 2048, 4096],
      ['billing', 'billing', 1024, 2048],
    ]);
    expect(config.workers.map(({ source, stopTimeoutSeconds }) => [source, stopTimeoutSeconds])).toEqual([
      ['folder', 60],
      ['folder', 60],
    ]);
  });

  it('keep what the stack has, where nothing else is said', async () => {
    const first = await made({ file: TWO }, {});
    const names = listed({ name: 'billing' }, { name: 'orders' });
    const again = await made({ file: names, state: stored(first) }, {});
    expect(again.workers).toEqual([...first.workers].reverse());
  });

  it('are all there are: one that is not listed any more goes', async () => {
    const state = stored(await made({ file: TWO }, {}));
    expect(sizes(await made({ file: listed({ name: 'billing' }), state }, {}))).toEqual([
      ['billing', 'billing', 1024, 2048],
    ]);
  });

  it('may share a queue when they run the same code, and only then', async () => {
    const shared = { taskQueue: 'jobs' };
    const spot = listed({ name: 'spot', ...shared }, { name: 'steady', ...shared, spotWeight: 0 });
    expect((await made({ file: spot }, {})).workers.map(({ taskQueue }) => taskQueue)).toEqual(['jobs', 'jobs']);
    const foreign = listed({ name: 'one', ...shared, workerDir: 'a' }, { name: 'two', ...shared, workerDir: 'b' });
    expect(await refused({ file: foreign })).toBe(
      'worker two: it polls task queue jobs as one does, but runs other code; give it a queue of its own',
    );
    // A folder that this run was not told may be the same.
    const one = listed({ name: 'one', ...shared, workerDir: 'a' }, { name: 'two', ...shared, workerSource: 'folder' });
    expect((await made({ file: one }, {})).workers.map(({ source }) => source)).toEqual(['folder', 'folder']);
  });

  it('are refused together, each by its name, with what is wrong with the stack', async () => {
    const file = listed(
      { name: 'orders', cpu: 512, memory: 8192 },
      { name: 'billing', cpu: 5, minTasks: 9, maxTasks: 3 },
    );
    const message = await refused({ file }, { file: { temporalTls: 'perhaps' } });
    expect(message.split('\n')).toEqual([
      '--temporal-tls: "perhaps" is neither true nor false (from config file)',
      expect.stringMatching(/^worker billing: --cpu: CPU 5 does not exist on Fargate; .* \(from config file\)$/),
      expect.stringMatching(/^worker orders: --cpu and --memory: memory 8192 does not go with CPU 512; /),
      'worker billing: --min-tasks and --max-tasks: the smallest number of tasks is above the largest',
    ]);
  });
});

describe('a flag about a worker, of several,', () => {
  it('is for all of them, or for that of --worker, whose entry in the file it overrules', async () => {
    expect(sizes(await made({ file: TWO }, { flags: { stopTimeout: 30 } }))).toEqual(
      sizes(await made({ file: TWO }, {})),
    );
    const all = await made({ file: TWO }, { flags: { stopTimeout: 30 } });
    expect(all.workers.map(({ stopTimeoutSeconds }) => stopTimeoutSeconds)).toEqual([30, 30]);
    const one = await made({ file: TWO, chosen: 'orders' }, { flags: { memory: 3072 } });
    expect(sizes(one)).toEqual([
      ['orders', 'order-queue', 512, 3072],
      ['billing', 'billing', 1024, 2048],
    ]);
  });

  it('is refused where it is for all and an entry says otherwise', async () => {
    expect(await refused({ file: TWO }, { flags: { taskQueue: 'all' } })).toBe(
      'worker orders: --task-queue is for all workers, and the config file has "taskQueue" for this one; leave one out, or add --worker orders',
    );
  });

  it('is refused for a worker that there is not', async () => {
    expect(await refused({ file: TWO, chosen: 'payments' }, { flags: { cpu: 1024 } })).toBe(
      '--worker payments: the stack has no worker of that name',
    );
    expect(await refused({ chosen: 'payments' })).toBe('--worker payments: the stack has no worker of that name');
  });
});

describe('a stack that has several workers', () => {
  it('keeps them without the file that listed them', async () => {
    const config = await made({ file: TWO }, { file: { cpu: 1024 } });
    const state = stored(config);
    expect(await made({ state }, { state: toAnswers(config), env: { TEMPORAL_TASK_QUEUE: 'shell' } })).toEqual(config);
  });

  it('does not take a file that speaks of one worker', async () => {
    const state = stored(await made({ file: TWO }, {}));
    expect(await refused({ state }, { file: { taskQueue: 'all' } })).toContain(
      'worker orders: the stack has several workers, so "taskQueue" of the config file belongs into its "workers"',
    );
  });

  it('is the same stack again from the file that init offers, whatever its workers are', async () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9]{1,8}$/);
    const worker = fc.record({
      name,
      taskQueue: fc.string({ minLength: 1 }),
      cpu: fc.constantFrom(1024, 2048),
      memory: fc.constantFrom(4096, 8192),
      architecture: fc.constantFrom('arm64', 'x86_64'),
      minTasks: fc.integer({ min: 0, max: 5 }),
      maxTasks: fc.integer({ min: 5, max: 1000 }),
    });
    const workers = fc.uniqueArray(worker, { selector: (one) => one.name, minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(workers, async (list) => {
        const config = await made({ file: listed(...list) }, {});
        const text = configFileText({ answers: toAnswers(config), workers: stored(config) });
        const { workers: written, ...answers } = JSON.parse(text);
        expect(await made({ file: listed(...written) }, { file: answers })).toEqual(config);
      }),
      { numRuns: 30 },
    );
  });
});

describe('a list of workers', () => {
  it.each([
    ['nothing', [], '"workers" is no list of workers, such as [{ "name": "orders" }]'],
    ['a worker by its name only', ['orders'], 'workers[0] is no object, such as { "name": "orders" }'],
    [
      'no name',
      [{ cpu: 512 }],
      'workers[0]: it has no "name": 2 to 20 lower-case letters, digits and single hyphens, first a letter',
    ],
    [
      'a name that AWS would not take',
      [{ name: 'My Orders' }],
      'workers[0]: "My Orders" is no "name": 2 to 20 lower-case letters, digits and single hyphens, first a letter',
    ],
    ['a name twice', [{ name: 'orders' }, { name: 'orders' }], 'two workers are named "orders"'],
    ['a slip', [{ name: 'orders', taskqueue: 'q' }], 'workers[0]: unknown key "taskqueue" (did you mean "taskQueue"?)'],
    [
      'an answer about the stack',
      [{ name: 'orders', network: 'public' }],
      'workers[0]: "network" is the same for all workers; write it beside "workers"',
    ],
  ])('with %s is refused in words', (_what, list, says) => {
    expect(readWorkers(list).problems).toEqual([says]);
  });
});

it('a worker that is alone is of the answers of the stack, as ever', async () => {
  const config = await made({}, { file: { ...REFERENCE_ANSWERS, temporalAuth: 'none' } });
  expect(sizes(config)).toEqual([['worker', 'test-queue', 1024, 2048]]);
});
