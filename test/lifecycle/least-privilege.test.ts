import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateUserCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boundaryDocument, policyDocuments } from '../../src/policy/index.ts';
import { ensureStateBucket } from '../../state/bucket.ts';
import { INIT, useCliStage } from '../cli/stage.ts';
import { leanBin, runCli } from '../helpers/cli.ts';
import { countable } from '../helpers/inventory.ts';
import { bucketOptions, useCleanUp } from '../state/stage.ts';

const stage = useCliStage();
const { emulator } = stage;
useCleanUp();

const PLACE = { accountId: '123456789012', region: 'us-east-1', partition: 'aws', stack: 'dev' } as const;
const DENIALS = ['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation'];
let keys: Record<string, string> = {};
let boundary = '';
let bin = '';

/** What an administrator does once: the state bucket, the boundary, and a user with the printed policies and no others. */
beforeAll(async () => {
  await ensureStateBucket(bucketOptions(emulator));
  const { iam } = emulator.clients;
  const create = async ({ name, document }: ReturnType<typeof boundaryDocument>) =>
    (await iam.send(new CreatePolicyCommand({ PolicyName: name, PolicyDocument: JSON.stringify(document) }))).Policy
      ?.Arn;
  boundary = (await create(boundaryDocument(PLACE))) ?? '';
  const UserName = 'operator-of-dev';
  await iam.send(new CreateUserCommand({ UserName }));
  for (const policy of policyDocuments({ ...PLACE, commands: ['init', 'deploy', 'destroy'] })) {
    await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: await create(policy) }));
  }
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  keys = { AWS_ACCESS_KEY_ID: AccessKey?.AccessKeyId ?? '', AWS_SECRET_ACCESS_KEY: AccessKey?.SecretAccessKey ?? '' };

  const folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-release-'));
  cpSync(dirname(leanBin()), folder, { recursive: true });
  writeFileSync(join(folder, 'worker/dist/main.js'), '// Another release, which nobody runs either.\n');
  bin = join(folder, 'bin.js');
});
afterAll(() => rmSync(dirname(bin), { recursive: true, force: true }));

/** Runs it as the operator. @returns how it ended, and what IAM has refused meanwhile */
async function asOperator(args: readonly string[], program = leanBin()) {
  await emulator.clearCalls();
  const { code, stderr } = await runCli(args, stage.env(keys), undefined, program);
  const refused = (await emulator.calls()).filter(({ error }) => DENIALS.includes(error ?? ''));
  return { code, stderr, refused: refused.map(({ service, operation }) => `${service} ${operation}`) };
}

const limited = (...args: readonly string[]) => [...args, '--permissions-boundary', boundary];

describe('whoever has only the printed policies of a stack', () => {
  it('makes it, deploys to it and takes it down, and IAM refuses nothing on the way', async () => {
    const before = countable(await emulator.inventory());
    const made = await asOperator(limited(...INIT));
    expect(made, made.stderr).toMatchObject({ code: 0, refused: [] });

    const deployed = await asOperator(['deploy', '--yes', '--verify', 'health'], bin);
    expect(deployed, deployed.stderr).toMatchObject({ code: 0, refused: [] });
    const pushed = (await emulator.calls()).filter(({ operation }) =>
      /^(PutImage|RegisterTask|UpdateService)/.test(operation),
    );
    expect(pushed.map(({ operation }) => operation)).toEqual(['PutImage', 'RegisterTaskDefinition', 'UpdateService']);

    const neighbour = countable(await emulator.inventory());
    const other = await asOperator(limited(...INIT, '--stack', 'dev-2', '--cidr', '10.9.0.0/16'));
    expect(other.code).toBe(1);
    expect(other.refused).not.toEqual([]);
    expect(countable(await emulator.inventory())).toEqual(neighbour);

    const gone = await asOperator(['destroy', '--yes', '--confirm', 'dev', '--purge', '--delete-data']);
    expect(gone, gone.stderr).toMatchObject({ code: 0, refused: [] });
    await emulator.settle();
    expect(countable(await emulator.inventory())).toEqual(before);
  });
});
