import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect } from 'vitest';
import { type CliResult, leanBin } from '../helpers/cli.ts';
import { type GithubApi, startGithubApi } from '../helpers/github-api.ts';
import type { TrustPolicy } from '../helpers/github-trust.ts';
import { WarmProgram } from '../helpers/warm-program.ts';
import { type CliStage, INIT, useCliStage } from './stage.ts';

export const CI = ['ci', 'github', '--yes', '--repo', 'acme/orders'] as const;

type Use = 'deploy' | 'plan';

export interface GithubStage extends CliStage {
  /** Where `ci github` is run: the top of a repository. */
  readonly folder: string;
  /** The workflow file that it writes there. */
  readonly workflow: string;
  /** Paths that GitHub's API was asked for. */
  readonly asked: string[];
  /** Runs the program in `folder`. */
  runThere(args: readonly string[]): Promise<CliResult>;
  roleFor(use: Use): Promise<{ arn: string | undefined; trust: TrustPolicy; policy: string }>;
  /** The environment of somebody who may do what the role may, and no more; AWS gives it by GitHub's token instead. */
  asRole(use: Use): Promise<Record<string, string>>;
}

/** A stack, a folder for the workflow file, and GitHub's API. */
export function useGithubStage(): GithubStage {
  const stage = useCliStage();
  const folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-github-'));
  let api: GithubApi;
  let program: WarmProgram;

  beforeAll(async () => {
    api = await startGithubApi();
    program = new WarmProgram(stage.env(), leanBin(), folder);
    expect((await program.run(INIT)).code).toBe(0);
  });

  afterAll(async () => {
    await program.stop();
    api.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const roleFor: GithubStage['roleFor'] = async (use) => {
    const { iam } = stage.emulator.clients;
    const RoleName = `temporal-fargate-us-east-1-dev-github-${use}`;
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'temporal-fargate' }));
    return {
      arn: Role?.Arn,
      trust: JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')) as TrustPolicy,
      policy: decodeURIComponent(PolicyDocument ?? ''),
    };
  };

  return {
    ...stage,
    folder,
    workflow: join(folder, '.github/workflows/temporal-fargate-dev.yml'),
    get asked() {
      return api.asked;
    },
    runThere: (args) => program.run(args, stage.env({ GITHUB_API_URL: api.origin })),
    roleFor,
    async asRole(use) {
      const { iam } = stage.emulator.clients;
      const UserName = `as-${use}`;
      await iam.send(new CreateUserCommand({ UserName }));
      const PolicyDocument = (await roleFor(use)).policy;
      await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: use, PolicyDocument }));
      const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
      return {
        AWS_ACCESS_KEY_ID: AccessKey?.AccessKeyId ?? '',
        AWS_SECRET_ACCESS_KEY: AccessKey?.SecretAccessKey ?? '',
      };
    },
  };
}
