import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { API_KEY, expectRefusal, INIT, useCliStage } from './stage.ts';

const stage = useCliStage();
const folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-bad-input-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Answers everything with the same page, as the network of a hotel does. */
const hotel = createServer((_request, response) => response.end('<html>Welcome! Please log in.</html>'));
await new Promise<void>((resolve) => hotel.listen(0, '127.0.0.1', resolve));
const portal = `http://127.0.0.1:${(hotel.address() as AddressInfo).port}`;
afterAll(() => hotel.close());

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

interface Case {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: Record<string, string | undefined>;
  readonly says: string | RegExp;
  readonly fix: string | RegExp;
  readonly code?: number;
}

const init = (...args: string[]): string[] => [...INIT, ...args];
const GIVE = 'Give the missing answers, or run without --yes to be asked.';
const CHANGE = 'Change the answers named above.';
const HELP = 'Add --help to see what there is.';

const answers: readonly Case[] = [
  {
    name: 'everything wrong at once, in one message',
    args: init(...['--min-tasks', '5', '--max-tasks', '2', '--cidr', '10.0.0.0/8', '--stop-timeout', '0x10']),
    env: { TEMPORAL_ADDRESS: ' ', TEMPORAL_FARGATE_CPU: 'lots', AWS_REGION: ' us-east-1 ' },
    says: /^✖ --cpu: "lots" is not a number \(from TEMPORAL_FARGATE_CPU\)\n {2}--stop-timeout: "0x10" is not a number\n {2}--cidr: a VPC is between[^\n]*\n {2}--min-tasks and --max-tasks: the smallest[^\n]*\n {2}missing: Address of the Temporal server[^\n]*\n/,
    fix: GIVE,
  },
  {
    name: 'a stack and a region that are none, together with what else is wrong',
    args: init('--stack', 'Prod_1', '--region', 'mars', '--cpu', 'lots'),
    says: /^✖ --region: "mars" is no AWS region, such as us-east-1\n {2}--stack: "Prod_1" is no stack name: 2 to 20 [^\n]*\n {2}--cpu: "lots" is not a number\n/,
    fix: CHANGE,
  },
  {
    name: 'all missing answers, in one message',
    args: [...INIT],
    env: { TEMPORAL_ADDRESS: undefined, TEMPORAL_API_KEY: undefined, TEMPORAL_FARGATE_TEMPORAL_AUTH: 'api-key' },
    says: /missing: Address of the Temporal server \(--temporal-address or TEMPORAL_ADDRESS\); Temporal API key \(TEMPORAL_API_KEY or --temporal-api-key-file\)/,
    fix: GIVE,
  },
  {
    name: 'a wrong answer together with a missing one',
    args: init('--stop-timeout', '500'),
    env: { TEMPORAL_ADDRESS: undefined },
    says: /--stop-timeout: "500" is not a whole number from 2 to 120\n {2}missing: Address of the Temporal server/,
    fix: GIVE,
  },
  {
    name: 'a region that is given nowhere',
    args: [...INIT],
    env: { AWS_REGION: undefined },
    says: 'missing: AWS region (--region or AWS_REGION)',
    fix: GIVE,
  },
  {
    name: 'an API key file that is not there',
    args: init('--temporal-api-key-file', '/nonexistent/key'),
    says: '--temporal-api-key-file: the file cannot be read (ENOENT); give the path of one that holds it',
    fix: CHANGE,
  },
  {
    name: 'a memory size that does not go with the CPU, with those that do',
    args: init('--cpu', '1024', '--memory', '1000'),
    says: /memory 1000 does not go with CPU 1024; choose 2048, 3072, 4096, 5120, 6144, 7168, 8192 MiB/,
    fix: CHANGE,
  },
  {
    name: 'several problems of the configuration, all of them',
    args: init('--min-tasks', '5', '--max-tasks', '2', '--cpu', '1000'),
    says: /CPU 1000 does not exist[^\n]*\n {2}--min-tasks and --max-tasks: the smallest/,
    fix: CHANGE,
  },
  {
    name: 'an address with a scheme',
    args: init('--temporal-address', 'ftp://temporal'),
    says: '--temporal-address: "ftp://temporal" is not of the form host or host:port',
    fix: CHANGE,
  },
];

const commandLine: readonly Case[] = [
  { name: 'an unknown flag', args: init('--nonsense'), says: "unknown option '--nonsense'", fix: HELP },
  { name: 'a flag without its value', args: ['init', '--cpu'], says: "option '--cpu <number>' argument", fix: HELP },
  { name: 'an empty value', args: ['init', '--cpu='], says: 'It is empty.', fix: HELP },
  { name: 'a stray argument', args: ['init', 'prod'], says: "too many arguments for 'init'", fix: HELP },
  {
    name: 'an API key as the value of a flag',
    args: init('--temporal-api-key', 'abc'),
    says: /unknown option '--temporal-api-key'\n\(Command lines are read by everybody .* give --temporal-api-key-file or TEMPORAL_API_KEY\.\)/,
    fix: HELP,
  },
  {
    name: 'an API key as the value of a flag, without repeating it',
    args: init('--temporal-api-key=abcdef-secret'),
    says: /unknown option '--temporal-api-key'\n/,
    fix: HELP,
  },
  {
    name: 'a flag twice',
    args: init('--stack', 'dev', '--stack', 'prod'),
    says: 'It is given twice.',
    fix: HELP,
  },
  {
    name: 'an own flag of a command twice',
    args: ['trigger', '--count', '1', '--count', '2'],
    says: 'It is given twice.',
    fix: HELP,
  },
  {
    name: 'input for a workflow that is not JSON',
    args: ['trigger', '--input', '{bad'],
    says: '--input is not JSON',
    fix: 'Write it like {"message":',
  },
  {
    name: 'a count of nothing',
    args: ['trigger', '--count', '0'],
    says: '--count 0 is not a whole number from 1 to 1000',
    fix: 'Give one, such as --count 1.',
  },
  {
    name: 'a time span in words',
    args: ['logs', '--since', 'yesterday'],
    says: '--since yesterday is no time span',
    fix: 'Write it like 15m, 2h or 1d, or give a time',
  },
  {
    name: 'init without a terminal and without --yes',
    args: ['init'],
    says: 'there is no terminal to ask at, and no --yes',
    fix: 'Add --yes to take the given answers',
  },
  {
    name: 'destroy without a terminal and without --yes',
    args: ['destroy'],
    says: 'there is no terminal to ask at, and no --yes',
    fix: 'Add --yes to destroy without being asked.',
  },
  {
    name: 'a destroy that confirms another name',
    args: ['destroy', '--yes', '--confirm', 'prod'],
    says: '--confirm names prod, but the stack is dev',
    fix: 'Give --confirm dev.',
  },
  {
    name: 'a destroy that cannot be undone, without --confirm',
    args: ['destroy', '--yes', '--purge'],
    says: '--purge leaves no recovery window and removes the state',
    fix: 'Add --confirm dev.',
  },
  ...(['status', 'trigger', 'logs'] as const).map((command) => ({
    name: `${command} of a stack that is not there`,
    args: [command],
    says: 'there is no stack dev in account 123456789012, region us-east-1',
    fix: 'Create it: temporal-fargate init',
    code: 1,
  })),
];

const files: readonly Case[] = [
  {
    name: 'an unknown key, with those that there are',
    args: init('--config', file('unknown.json', '{"stak": "dev"}')),
    says: 'unknown key "stak"',
    fix: /The keys are: profile, region, stack, /,
  },
  {
    name: 'a secret',
    args: init('--config', file('secret.json', '{"temporalApiKey": "abcdef-secret"}')),
    says: '"temporalApiKey" is a secret and may not be in a file that is kept',
    fix: 'The keys are:',
  },
  {
    name: 'something that is not JSON, without quoting it',
    args: init('--config', file('not.json', 'TEMPORAL_API_KEY=abcdef-secret')),
    says: /reading .*not\.json: it is not JSON/,
    fix: 'or leave --config out.',
  },
  {
    name: 'a list',
    args: init('--config', file('list.json', '[]')),
    says: 'it is not a JSON object',
    fix: 'Write { "stack": "dev", ... }, or leave --config out.',
  },
  {
    name: 'values of the wrong type',
    args: init('--config', file('types.json', '{"cpu": "lots", "minTasks": [1], "temporalTls": "yes"}')),
    says: /--temporal-tls: "yes" is neither true nor false \(from config file\)\n {2}--cpu: "lots" is not a number \(from config file\)\n {2}--min-tasks: \[1\] is a list/,
    fix: CHANGE,
  },
  {
    name: 'nothing, because it is not there',
    args: init('--config', '/nonexistent/config.json'),
    says: 'reading /nonexistent/config.json: ENOENT',
    fix: 'Name a file that exists and may be read, or leave --config out.',
  },
];

const credentials: readonly Case[] = [
  {
    name: 'an endpoint that is no URL',
    args: [...INIT],
    env: { AWS_ENDPOINT_URL: 'bogus' },
    says: 'AWS_ENDPOINT_URL is no URL: "bogus"',
    fix: 'Unset it, or write it like https://host:port.',
  },
  {
    name: 'a home folder in which nothing can be written',
    args: ['sandbox', 'start'],
    env: { HOME: '/dev/null', TEMPORAL_FARGATE_CACHE_DIR: undefined, XDG_STATE_HOME: undefined },
    says: /working with the files of this machine: ENOTDIR: not a directory/,
    fix: 'Check that the folder exists, may be written to and has room',
    code: 1,
  },
  {
    name: 'a home folder that cannot be made',
    args: ['sandbox', 'start'],
    env: { HOME: '/proc/nonexistent', TEMPORAL_FARGATE_CACHE_DIR: undefined, XDG_STATE_HOME: undefined },
    says: /working with the files of this machine: E[A-Z]+: .*, mkdir '\/proc/,
    fix: 'HOME, TMPDIR and TEMPORAL_FARGATE_CACHE_DIR choose others.',
    code: 1,
  },
  {
    name: 'a page of a captive portal instead of AWS',
    args: [...INIT],
    env: { AWS_ENDPOINT_URL: portal },
    says: /what answered at http:\/\/127\.0\.0\.1:\d+ is not AWS/,
    fix: 'A proxy, a captive portal or AWS_ENDPOINT_URL may be in the way',
    code: 1,
  },
  {
    name: 'no credentials',
    args: [...INIT],
    env: { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined },
    says: 'there are no AWS credentials',
    fix: 'Log in (aws sso login), name a --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
    code: 1,
  },
  {
    name: 'a wrong secret key',
    args: [...INIT],
    env: { AWS_SECRET_ACCESS_KEY: 'wrong' },
    says: 'AWS does not know these credentials (SignatureDoesNotMatch)',
    fix: 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the --profile',
    code: 1,
  },
  {
    name: 'a key id that AWS does not know',
    args: [...INIT],
    env: { AWS_ACCESS_KEY_ID: 'AKIAAAAAAAAAAAAAAAAA' },
    says: 'AWS does not know these credentials (InvalidClientTokenId)',
    fix: 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the --profile',
    code: 1,
  },
  {
    name: 'a profile that is not there',
    args: init('--profile', 'nobody'),
    env: { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined },
    says: 'there are no AWS credentials',
    fix: 'name a --profile',
    code: 1,
  },
  {
    name: 'a server that does not answer',
    args: [...INIT],
    env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' },
    says: /AWS does not answer: .*ECONNREFUSED/,
    fix: 'Check the network and the region, then run the same command',
    code: 1,
  },
  {
    name: 'a Temporal server that does not answer, before anything is created',
    args: ['init', '--yes'],
    says: 'connecting to Temporal at 127.0.0.1:1: nothing listens there',
    fix: 'Check host and port of TEMPORAL_ADDRESS, and that the server runs. If only the VPC can reach it: init takes --verify health.',
    code: 1,
  },
];

const groups = {
  'an answer': answers,
  'a command line': commandLine,
  'a config file with': files,
  'access with': credentials,
};

for (const [what, cases] of Object.entries(groups)) {
  describe(`${what} that cannot be used`, () => {
    for (const { name, args, env, says, fix, code = 64 } of cases) {
      it.concurrent(`refuses ${name}`, async ({ expect }) => {
        const result = await stage.run(args, env);
        expectRefusal(expect, result, { code, says, fix });
        expect(result.stdout + result.stderr).not.toMatch(/abcdef-secret/);
        expect(result.stdout + result.stderr).not.toContain(API_KEY);
        expect(await stage.changes()).toEqual([]);
      });
    }
  });
}

describe('a reader that goes away', () => {
  it.each([
    ['standard output', 'stdout', ['init', '--yes', '--json']],
    ['standard output of the help', 'stdout', ['--help']],
    ['standard error', 'stderr', ['init', '--yes']],
  ] as const)('ends no run with a stack: %s', async (_what, stream, args) => {
    const running = stage.start(args, { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' });
    running.child[stream]?.destroy();
    const { code, stdout, stderr } = await running.result;
    expect(stdout + stderr).not.toMatch(/EPIPE|^\s+at /m);
    expect(code).toBe(args[0] === '--help' ? 0 : 1);
  });
});
