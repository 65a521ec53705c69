import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram, type Call } from '../../src/cli.ts';
import { workerNeeds, workerNeedsAnswers } from '../../src/config/activity-needs.ts';
import { ACTIVITY_OPTIONS } from '../../src/config/activity-options.ts';
import { parsePorts } from '../../src/config/egress-ports.ts';
import type { OptionKey } from '../../src/config/option.ts';
import { OPTIONS, shown } from '../../src/config/options.ts';
import { formatPairs, parsePairs } from '../../src/config/pairs.ts';
import { lookUp } from '../../src/config/sources.ts';
import { contradictions } from '../../src/config/stack-config.ts';
import { mend, wrong } from '../../src/config/wrong.ts';
import { REFERENCE_ANSWERS } from '../helpers/aws-stack.ts';

const ARN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:team/db-AbCdEf';
const STATEMENT = { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' };
const policy = (...statements: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements });

function optionOf(key: OptionKey) {
  const option = ACTIVITY_OPTIONS.find((candidate) => candidate.key === key);
  if (!option) throw new Error(`no option ${key}`);
  return option;
}
const problem = (key: OptionKey, answer: string): string | undefined =>
  wrong(optionOf(key), mend(optionOf(key), answer).answer, {});

describe('lines of NAME=VALUE', () => {
  it.each<[string, string, Record<string, string>]>([
    ['plain, with what says nothing', '\n# first\nB=2\r\n  A = 1 \n', { A: '1', B: '2' }],
    ['a shell script', 'export A=1', { A: '1' }],
    ['a comment behind a value', 'A=1 # one\nB=a#b\nC=#', { A: '1', B: 'a#b', C: '' }],
    ['nothing as a value', 'A=\nB=""', { A: '', B: '' }],
    ['the rest behind the first =', 'URL=postgres://db/x?a=b', { URL: 'postgres://db/x?a=b' }],
    ['double quotes', String.raw`A=" one\ntwo \"x\" \\ # \d" # end`, { A: ' one\ntwo "x" \\ # \\d' }],
    ['single quotes', String.raw`A='$HOME\n"x"'`, { A: String.raw`$HOME\n"x"` }],
    ['a quote inside', `A=it's`, { A: "it's" }],
    ['a name that objects have', '__proto__=x', Object.fromEntries([['__proto__', 'x']])],
  ])('are read with %s', (_what, text, pairs) => {
    expect(parsePairs(text)).toEqual({ pairs });
  });

  it.each([
    ['planted', 'it is not of the form NAME=VALUE'],
    ['A=1\nplanted', 'line 2 is not of the form NAME=VALUE'],
    ['=planted', 'it is not of the form NAME=VALUE'],
    ['A=1\nA=planted', 'A is there twice'],
    ['A="planted', 'the quotes around the value of A are not closed'],
    ["A='planted' planted", 'the quotes around the value of A are not closed'],
  ])('like "%s" are refused without quoting a value', (text, says) => {
    expect(parsePairs(text)).toEqual({ pairs: {}, problem: says });
  });

  it('come back from what is written, whatever the values are', () => {
    const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,5}$/);
    const value = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...' "\'#\\=\n\r\tan$') }));
    fc.assert(
      fc.property(fc.dictionary(name, value), (pairs) => {
        expect(parsePairs(formatPairs(pairs))).toEqual({ pairs: { ...pairs } });
      }),
    );
  });
});

describe('an answer about needs', () => {
  it.each<[OptionKey, string]>([
    ...ACTIVITY_OPTIONS.map(({ key }): [OptionKey, string] => [key, '']),
    ['env', 'LOG_LEVEL=debug\nlower=1\n_X1=\nKEYBOARD=de\nTOKENS_SEEN=3'],
    [
      'env',
      'SECRET_ARN=x\nTOKEN_URL=https://example.com\nPUBLIC_KEY=x\nPUBLISHABLE_KEY_EU=x\nAWS_ENDPOINT_URL=http://x',
    ],
    ['env', 'DATABASE_URL=postgres://user@db/orders'],
    ['secret', `DB=${ARN}\nDB_PASSWORD=${ARN}:password\nTOKEN=${ARN}:token::`],
    ['taskPolicy', policy(STATEMENT, { Sid: 'No', Effect: 'Deny', NotAction: 's3:*', NotResource: 'x' })],
    ['taskPolicy', JSON.stringify({ Version: '2012-10-17', Id: 'x', Statement: STATEMENT })],
    ['taskPolicyArns', 'arn:aws:iam::aws:policy/ReadOnlyAccess, arn:aws-cn:iam::123456789012:policy/team/orders'],
    ['egressPorts', '1,5432, 8000-8100,65535'],
  ])('--%s may be "%s"', (key, answer) => {
    expect(problem(key, answer)).toBeUndefined();
  });

  const refused: [OptionKey, string, string][] = [
    ['env', 'TEMPORAL_ADDRESS=x', 'TEMPORAL_ADDRESS is given by this program'],
    ['env', 'TEMPORAL_FARGATE_STACK=x', 'is given by this program'],
    ['env', 'DATA_BUCKET=x', 'names the data bucket of the stack; see --data-bucket'],
    ['env', 'AWS_REGION=x', 'AWS_REGION is given by Fargate'],
    ['env', 'AWS_DEFAULT_REGION=x', 'is given by Fargate'],
    ['env', 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=x', 'is given by Fargate'],
    ['env', 'ECS_CONTAINER_METADATA_URI_V4=x', 'is given by Fargate'],
    ['env', 'AWS_ACCESS_KEY_ID=x', 'would take the place of the task role'],
    ['env', 'NODE_OPTIONS=x', 'follows from --memory'],
    ['env', '1X=x', '"1X" is no name of a variable'],
    ['env', 'A-B=x', '"A-B" is no name of a variable'],
    ['env', 'STRIPE_API_KEY=planted', 'put it into a secret, and give --secret STRIPE_API_KEY=<its ARN>'],
    ['env', 'db_password=planted', 'db_password is named like a secret'],
    ['env', 'TOKEN_FOR_X=planted', 'TOKEN_FOR_X is named like a secret'],
    ['env', 'DATABASE_URL=postgres://user:planted@db/orders', 'DATABASE_URL holds a URL with a password'],
    ['env', `A=${'x'.repeat(32 * 1024)}`, '32769 characters are too many'],
    ['secret', `AWS_REGION=${ARN}`, 'AWS_REGION is given by Fargate'],
    ['secret', 'DB=planted', 'DB is given no ARN of a secret'],
    ['secret', `DB=${ARN.replace('-AbCdEf', '')}`, 'DB is not given the whole ARN'],
    ['secret', `DB=${ARN}:key:AWSPREVIOUS:`, 'tasks read the one that is current'],
    ['secret', `DB=${ARN}:key::some-version`, 'tasks read the one that is current'],
    ['secret', 'DB=arn:aws:ssm:us-east-1:123456789012:parameter/db', 'a parameter of Systems Manager'],
    ['taskPolicy', 'planted', 'it is not JSON'],
    ['taskPolicy', '[]', 'it is not a JSON object with Version and Statement'],
    ['taskPolicy', '{"Statement":[]}', 'its Version is not "2012-10-17"'],
    ['taskPolicy', '{"Version":"2012-10-17"}', 'it has no Statement'],
    ['taskPolicy', policy(), 'it has no Statement'],
    ['taskPolicy', policy(STATEMENT, { ...STATEMENT, Principal: '*' }), 'statement 2 has a Principal'],
    ['taskPolicy', policy({ ...STATEMENT, Effect: 'allow' }), 'statement 1 has no Effect "Allow" or "Deny"'],
    ['taskPolicy', policy({ ...STATEMENT, NotAction: 'x' }), 'statement 1 needs either Action or NotAction'],
    ['taskPolicy', policy({ Effect: 'Allow', Action: 'x' }), 'statement 1 needs either Resource or NotResource'],
    [
      'taskPolicy',
      policy({ ...STATEMENT, Sid: 'A' }, { ...STATEMENT, Sid: 'A' }),
      'two of its statements have the same Sid',
    ],
    [
      'taskPolicy',
      policy({ ...STATEMENT, Resource: 'x'.repeat(9600) }),
      'and a role has room for 9540 besides its own',
    ],
    ['taskPolicyArns', 'ReadOnlyAccess', '"ReadOnlyAccess" is no ARN of a policy'],
    ['taskPolicyArns', Array(2).fill('arn:aws:iam::aws:policy/A').join(','), 'the same policy is named twice'],
    [
      'taskPolicyArns',
      Array.from({ length: 11 }, (_, index) => `arn:aws:iam::aws:policy/P${index}`).join(','),
      '11 policies are too many: IAM attaches at most 10 to a role',
    ],
    ['egressPorts', '0', '"0" is no port'],
    ['egressPorts', '8100-8000', '"8100-8000" is no port or range of ports'],
    ['egressPorts', 'https', '"https" is no port'],
    ['egressPorts', '65536', '"65536" is no port'],
    ['egressPorts', Array.from({ length: 51 }, (_, index) => 1000 + 2 * index).join(), '51 ranges are too many'],
  ];
  it.each(refused.map(([key, answer, says]) => [key, says, answer] as const))(
    '--%s is refused as "%s", without quoting a value',
    (key, says, answer) => {
      const said = problem(key, answer) ?? '';
      expect(said).toContain(says);
      expect(said + shown(optionOf(key), answer)).not.toContain('planted');
    },
  );

  it('leads to a config, and back from it', () => {
    const answers = {
      env: 'A=one two\nB=2',
      secret: `DB=${ARN}\nDB_PASSWORD=${ARN}:password`,
      taskPolicy: policy(STATEMENT),
      taskPolicyArns: 'arn:aws:iam::aws:policy/A,arn:aws:iam::aws:policy/B',
    };
    expect(workerNeeds(answers)).toMatchObject({
      environment: { A: 'one two', B: '2' },
      secrets: { DB: { arn: ARN }, DB_PASSWORD: { arn: ARN, jsonKey: 'password' } },
    });
    expect(workerNeedsAnswers(workerNeeds(answers))).toEqual(answers);
    expect(workerNeeds({ env: '', secret: '', taskPolicy: '', taskPolicyArns: '' })).toEqual({});
  });

  it('clashes with another that gives the same variable, or names a secret of another region', () => {
    const account = { accountId: '123456789012', partition: 'aws' };
    const clash = (answers: object) => contradictions({ ...REFERENCE_ANSWERS, ...answers }, account, new Set());
    expect(clash({ env: 'DB=x', secret: `DB=${ARN}` })).toEqual([
      {
        keys: ['env', 'secret'],
        label: '--env and --secret',
        message: 'DB is given both by its value and from a secret',
      },
    ]);
    expect(clash({ secret: `DB=${ARN.replace('us-east-1', 'eu-west-1')}` })).toEqual([
      expect.objectContaining({ label: '--secret', message: expect.stringContaining('DB: the secret has to be in') }),
    ]);
  });

  it('about ports joins those that touch', () => {
    expect(parsePorts('8001-8100, 5432,8000,8050-8060').ranges).toEqual([
      { from: 5432, to: 5432 },
      { from: 8000, to: 8100 },
    ]);
  });
});

describe('variables that are given', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-env-'));
    writeFileSync(join(folder, '.env'), '# ours\nA=file\nB="from the file"\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function byFlags(...words: string[]) {
    const calls: Call[] = [];
    await buildProgram('0', async (call) => void calls.push(call)).parseAsync(['plan', ...words], { from: 'user' });
    const { answers, paths } = calls[0]?.flags ?? { answers: {}, paths: {} };
    const option = OPTIONS.find(({ key }) => key === 'env') ?? optionOf('env');
    const { answer, ...rest } = lookUp(option, { flags: answers, paths, env: {}, file: {}, state: { env: 'OLD=1' } });
    return { ...parsePairs(String(answer)), ...rest };
  }

  it('by many flags are taken as the shell gives them, over those of a file, and replace what the stack has', async () => {
    expect(await byFlags('--env', 'A=1', '--env', 'Q="quoted" # x', '--env-file', join(folder, '.env'))).toEqual({
      pairs: { A: '1', B: 'from the file', Q: '"quoted" # x' },
      source: '--env',
    });
    expect(await byFlags('--env', '')).toEqual({ pairs: {}, source: '--env' });
    expect(await byFlags()).toEqual({ pairs: { OLD: '1' }, source: 'this stack' });
    expect(await byFlags('--env', 'A=1', '--env', 'A=2')).toMatchObject({ problem: 'A is there twice' });
    expect(await byFlags('--env', 'A=1', '--env-file', join(folder, 'none'))).toMatchObject({
      problem: expect.stringContaining('ENOENT'),
    });
  });
});
