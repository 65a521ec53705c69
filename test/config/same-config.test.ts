import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gather } from '../../src/config/answers.ts';
import type { Asker } from '../../src/config/asker.ts';
import { configFileText, readConfigFile } from '../../src/config/config-file.ts';
import type { Answer, Answers, OptionKey } from '../../src/config/option.ts';
import { OPTIONS } from '../../src/config/options.ts';
import { formatPairs } from '../../src/config/pairs.ts';
import { repeatOf } from '../../src/config/repeat.ts';
import type { Sources } from '../../src/config/sources.ts';
import { contradictions, toStackConfig } from '../../src/config/stack-config.ts';
import { makeCertificates } from '../../src/sandbox/certificates.ts';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import { testCacheDir } from '../helpers/emulator.ts';

const ACCOUNT = { accountId: '123456789012', partition: 'aws' };
const KNOWN = { zones: ['us-east-1a', 'us-east-1b'] };

let folder: string;
const pem = (name: string): string => readFileSync(join(folder, name), 'utf8').trim();
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-same-config-'));
  await makeCertificates(await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined }), folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

const WORKER: Answers = {
  ...{ stack: 'prod', region: 'eu-west-1', profile: 'work', taskQueue: "it's orders", cpu: 512, memory: 3072 },
  ...{ architecture: 'x86_64', spotWeight: 3, onDemandWeight: 2, onDemandBase: 1 },
  ...{ minTasks: 2, maxTasks: 7, scaleOutAt: 70, scaleInAt: 15, stopTimeout: 60, logRetentionDays: 30 },
  ...{ dataBucket: false, permissionsBoundary: 'arn:aws:iam::123456789012:policy/boundary', tags: 'team=core' },
  securityGroupIds: 'sg-0123456789abcdef0',
  env: formatPairs({ GREETING: 'hello, "you" #1', LINES: 'one\ntwo', LOG_LEVEL: 'debug' }),
  secret: 'DB_PASSWORD=arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf:password',
  taskPolicy: '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}',
  ...{ taskPolicyArns: 'arn:aws:iam::aws:policy/ReadOnlyAccess', egressPorts: '5432,8000-8100' },
};
const FOLDER: Answers = { workerDir: './my worker', workerSource: 'folder' };
const CLOUD: Answers = { temporalAddress: 'ns.acct.tmprl.cloud:7233', temporalNamespace: 'other.acct' };

/** Sets of answers, none of them a default, with every option in one at least. */
const SETS: Readonly<Record<string, () => Answers>> = {
  'an own network and an API key': () => ({
    ...{ ...WORKER, ...FOLDER, baseImage: 'node:22-bookworm-slim', allowInstallScripts: true },
    ...{ ...CLOUD, temporalAuth: 'api-key', temporalTls: true, temporalApiKey: 'planted-key' },
    ...{ temporalTlsServerCaCert: pem('ca.pem'), temporalTlsServerName: 'inside.example' },
    ...{ network: 'private-per-az', cidr: '10.9.0.0/16', zones: 'eu-west-1b,eu-west-1c' },
  }),
  'another VPC and a client certificate': () => ({
    ...{ ...WORKER, ...FOLDER, docker: true, ...CLOUD, temporalAuth: 'mtls', temporalTls: true },
    ...{ temporalTlsClientCert: pem('client.pem'), temporalTlsClientKey: pem('client.key') },
    ...{ network: 'existing', vpcId: 'vpc-0a1b2c3d', subnetIds: 'subnet-0a1b2c3d,subnet-0a1b2c3e' },
    assignPublicIp: 'yes',
  }),
  "another stack's network and a secret that is there already": () => ({
    ...{ ...WORKER, image: 'ghcr.io/ada/worker:1.4', workerSource: 'image' },
    ...{ ...CLOUD, temporalAuth: 'api-key', temporalTls: true, network: 'shared', networkStack: 'dev' },
    secretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:temporal-AbCdEf',
  }),
  'a server that asks for nothing': () => ({
    ...{ ...WORKER, temporalAddress: '10.1.2.3:7233', temporalNamespace: 'orders' },
    ...{ dataBucket: true, dataExpireDays: 30 },
    ...{ temporalAuth: 'none', temporalTls: false, network: 'public', cidr: '10.9.0.0/16', zones: 'eu-west-1b' },
  }),
};

/** Answers of both stages, and what they make of a stack; secrets apart, which no config holds. */
async function made(sources: Partial<Sources>, ask?: Asker) {
  const all = { flags: {}, env: {}, file: {}, state: {}, ...sources };
  const common = { known: KNOWN, stored: [], fallback: {}, echo: () => undefined, sources: all };
  const where = await gather({ ...common, stage: 'where', given: {}, ask: ask && { ...ask, again: undefined } });
  const answers = await gather({
    ...{ ...common, stage: 'what', given: where, ask },
    contradictions: (given, unclear) => contradictions(given, ACCOUNT, unclear),
  });
  const secrets = OPTIONS.filter(({ secret }) => secret).map(({ key }) => answers[key]);
  return { where, config: toStackConfig(answers, ACCOUNT), secrets };
}

const isFile = (key: OptionKey): boolean => OPTIONS.some((option) => option.key === key && option.file !== undefined);
const isSecret = (key: OptionKey): boolean => OPTIONS.some((option) => option.key === key && option.secret === true);
const part = (answers: Answers, keep: (key: OptionKey) => boolean): Answers =>
  Object.fromEntries(Object.entries(answers).filter(([key]) => keep(key as OptionKey)));

/** As files, which only hold what no command line may. */
function paths(answers: Answers): Record<string, string> {
  return Object.fromEntries(
    Object.entries(answers).map(([key, answer]) => {
      writeFileSync(join(folder, `${key}.txt`), `${answer}\n`);
      return [key, join(folder, `${key}.txt`)];
    }),
  );
}

const variables = (answers: Answers): NodeJS.ProcessEnv =>
  Object.fromEntries(
    OPTIONS.filter(({ key }) => answers[key] !== undefined).map(({ key, env }) => [env[0], String(answers[key])]),
  );

/** A stub of a person, who changes every answer that is not asked for at first. */
function person(answers: Answers): Asker {
  // What a later answer makes needless is asked for all the same, before that is known.
  const said = (key: OptionKey): Answer => answers[key] ?? 'needless';
  const revised = new Set<OptionKey>();
  return {
    one: async ({ key }) => said(key),
    joint: async ({ keys }, choices) =>
      choices.find((choice) => keys.every((key) => choice.answers[key] === said(key))),
    // A question that has a use only with another answer is open a round later.
    again: async (_answers, open) => {
      const keys = [...open].filter((key) => answers[key] !== undefined && !revised.has(key));
      for (const key of keys) revised.add(key);
      return keys;
    },
    tell: (problem) => expect.fail(problem),
  };
}

describe('the sets of answers', () => {
  it('have every option', () => {
    const keys = Object.values(SETS).flatMap((answers) => Object.keys(answers()));
    expect(OPTIONS.map(({ key }) => key).filter((key) => !keys.includes(key))).toEqual([]);
  });
});

describe.each(Object.entries(SETS))('%s', (_name, set) => {
  it('is the same config by flags, environment, config file, and a stub of a person', async () => {
    const answers = set();
    const files = part(answers, isFile);
    const byFlags = await made({ flags: part(answers, (key) => !isFile(key)), paths: paths(files) });
    expect(byFlags.config).toMatchObject({ stack: 'prod', region: 'eu-west-1', logRetentionDays: 30 });
    expect(await made({ env: variables(answers) })).toEqual(byFlags);
    const secrets = variables(part(answers, isSecret));
    expect(await made({ file: JSON.parse(configFileText({ answers })), env: secrets })).toEqual(byFlags);
    expect(await made({}, person(answers))).toEqual(byFlags);
  });

  it('comes back from the file that init writes, which holds no secret', async () => {
    const answers = set();
    const path = join(folder, 'written.json');
    writeFileSync(path, configFileText({ answers }));
    const secrets = variables(part(answers, isSecret));
    expect(await made({ file: readConfigFile(path).answers, env: secrets })).toEqual(
      await made({ env: variables(answers) }),
    );
    for (const secret of Object.values(secrets)) expect(readFileSync(path, 'utf8')).not.toContain(secret);
  });

  it('is in the command that repeats it, but for secrets, which it names', () => {
    const answers = set();
    const files = part(answers, (key) => key === 'temporalTlsServerCaCert' || key === 'taskPolicy');
    const { command, variables: named } = repeatOf({
      ...{ version: '1.2.3', answers, defaults: {}, flags: [] },
      paths: paths(files),
    });
    expect(command).toMatch(/^npx temporal-fargate@1\.2\.3 init --yes \\\n {2}--profile work \\\n/);
    expect(command).toContain(String.raw`--task-queue 'it'\''s orders'`);
    expect(command).toContain(
      `--env 'GREETING=hello, "you" #1' \\\n  --env 'LINES=one\ntwo' \\\n  --env LOG_LEVEL=debug`,
    );
    const secrets = part(answers, isSecret);
    expect(named).toEqual(OPTIONS.filter(({ key }) => secrets[key] !== undefined).map(({ env }) => env[0]));
    for (const secret of Object.values(secrets)) expect(command).not.toContain(String(secret));
  });
});
