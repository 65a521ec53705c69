import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { boundaryDocument, policyDocuments } from '../../src/policy/index.ts';
import { BIN, cliEnvironment } from '../helpers/cli.ts';
import { useWarmPrograms } from '../helpers/warm-programs.ts';
import { expectRefusal, useCliStage } from './stage.ts';

const ACCOUNT = '123456789012';
const AT = { accountId: ACCOUNT, region: 'us-east-1', partition: 'aws' } as const;
const folder = mkdtempSync(join(tmpdir(), 'policies-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Where no AWS answers. */
const program = useWarmPrograms(() => BIN);
const offline = (...args: string[]) => program(['policy', '--account', ACCOUNT, ...args], cliEnvironment());

describe('policy', () => {
  it('prints one document as IAM takes it, without asking AWS where account and region are given', async () => {
    const { code, stdout, stderr } = await offline('--for', 'deploy,trigger', '--stack', 'dev');
    expect(code).toBe(0);
    const [only] = policyDocuments({ ...AT, stack: 'dev', commands: ['deploy', 'trigger'] });
    expect(JSON.parse(stdout)).toEqual(only?.document);
    expect(stderr).toContain(`Policy ${only?.name}: ${JSON.stringify(only?.document).length} of 6144 characters.`);
  });

  it('writes several into files, with the commands that make them and what an administrator does once', async () => {
    const given = ['--region', 'cn-north-1', '--for', 'init', '--boundary', '--out', join(folder, 'new')];
    const { code, stdout, stderr } = await offline(...given);
    expect(code).toBe(0);
    const request = { accountId: ACCOUNT, region: 'cn-north-1', partition: 'aws-cn', stack: undefined };
    const policies = [boundaryDocument(request), ...policyDocuments({ ...request, commands: ['init'] })];
    expect(stdout.trim().split('\n')).toEqual(policies.map(({ name }) => join(folder, 'new', `${name}.json`)));
    for (const { name, document } of policies) {
      const path = join(folder, 'new', `${name}.json`);
      expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(document);
      expect(stderr).toContain(`aws iam create-policy --policy-name ${name} --policy-document file://${path}\n`);
    }
    expect(readdirSync(join(folder, 'new'))).toHaveLength(policies.length);
    expect(stderr).toContain('temporal-fargate state create --region cn-north-1\n');
    expect(stderr).toContain(
      `--permissions-boundary arn:aws-cn:iam::${ACCOUNT}:policy/temporal-fargate-cn-north-1-boundary`,
    );
  });

  it('prints several with their names, for programs as for people', async () => {
    const { stdout } = await offline('--for', 'init', '--stack', 'dev');
    expect(JSON.parse(stdout)).toEqual(policyDocuments({ ...AT, stack: 'dev', commands: ['init'] }));
  });

  it.each([
    [['--for', 'init,sandbox'], '--for sandbox: there is no such command', /Choose from init, .*, all;/],
    [['--uses', 'arn:aws:s3:::bucket'], '--uses arn:aws:s3:::bucket: that is not the ARN', /a VPC, of a secret, /],
    [['--account', '12'], '--account 12 is no id of an account', 'Give its twelve digits.'],
    [['--stack', 'No_Name'], '"No_Name" is no stack name', /./],
    [['--account', ACCOUNT, '--permissions-boundary', 'mine'], '"mine" is no ARN of a policy', /./],
  ])('refuses what it cannot make sense of: %j', async (args, says, fix) => {
    expectRefusal(expect, await program(['policy', ...args], cliEnvironment()), { code: 64, says, fix });
  });
});

describe('with an account', () => {
  const stage = useCliStage();

  it('policy asks for nothing but the account, and state create leaves to others a bucket that they need not make', async () => {
    const asked = await stage.run(['policy', '--for', 'logs', '--stack', 'dev']);
    expect(asked.stdout).toContain(`arn:aws:logs:us-east-1:${ACCOUNT}:log-group:/temporal-fargate/dev:*`);
    expect((await stage.emulator.calls()).map(({ operation }) => operation)).toEqual(['GetCallerIdentity']);

    expect(await stage.run(['state', 'create'])).toMatchObject({
      code: 0,
      stdout: `State bucket tfg-state-${ACCOUNT}-us-east-1-an is there, and as it should be.\n`,
    });
    await stage.emulator.clearCalls();
    expect((await stage.run(['state', 'create'])).code).toBe(0);
    expect(await stage.changes()).toEqual([]);
  });
});
