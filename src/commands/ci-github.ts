import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Aws } from '../aws/aws.ts';
import { ensureGithubProvider, githubProviderArn } from '../aws/github-provider.ts';
import { type GithubConfig, github as githubSchema } from '../config/github.ts';
import { shellWord } from '../config/repeat.ts';
import type { StackConfig } from '../config/schema.ts';
import { summarize } from '../engine/plan.ts';
import { EXIT, UserError, usageError } from '../errors.ts';
import { ROLE_PATH, roleName } from '../steps/identity/role-name.ts';
import { formatPlan, planData } from '../ui/format-plan.ts';
import { needYes } from './consent.ts';
import { type LockedStack, withLockedStack } from './existing-stack.ts';
import { refuseSubfolder, repositoryAsked } from './github-repository.ts';
import { githubWorkflow, MARK, workflowPath } from './github-workflow.ts';
import { imageStackAsked } from './image-from-stack.ts';
import type { CommandInput } from './input.ts';
import { rollOut } from './roll-out.ts';
import { callSummary, planStack } from './stack-run.ts';

const OURS = /^identity\/github-/;

/**
 * `ci github`: lets the workflows of one repository deploy the stack, and those of its pull requests plan it, without a key of
 * AWS anywhere; and writes the workflow file. `--remove` takes both back.
 */
export async function ciGithub(input: CommandInput): Promise<number> {
  refuseSubfolder();
  const remove = input.flags.own.remove === true;
  const github = remove ? undefined : await githubAsked(input);
  return withLockedStack(input, 'ci github', async (stack) => {
    const { connection, document, config: before } = stack;
    imageStackAsked(input, before.stack);
    const workflow = github && workflowOf(input, before, github);
    const path = workflowPath(before.stack);
    refuseForeign(path);
    const { github: _former, ...rest } = before;
    const config: StackConfig = github ? { ...rest, github } : rest;
    const aws = connection.aws();
    const whole = (await planStack(connection, config, document, {}, aws)).plan;
    // None is about the roles, which have names of their own; but who lets workflows deploy should know of them.
    for (const { message, fix } of whole.problems) input.io.warn(`${message}. ${fix}`);
    const plan = { ...whole, problems: [], items: whole.items.filter(({ step }) => OURS.test(step.id)) };
    const changed = summarize(plan).changed || !isDeepStrictEqual(before.github, github);
    if (changed) await carryOut(input, stack, aws, config, plan);
    const wrote = writeWorkflow(path, workflow);
    input.io.note(callSummary(connection));
    input.io.result(text(config, path, changed, wrote), {
      stack: config.stack,
      region: config.region,
      changed,
      plan: planData(plan),
      github: github ?? null,
      workflow: { path, wrote },
      calls: connection.counts,
    });
    return EXIT.done;
  });
}

async function githubAsked(input: CommandInput): Promise<GithubConfig> {
  const { branch = 'main', environment, imageFromStack } = input.flags.own;
  const parsed = githubSchema.safeParse({
    ...(await repositoryAsked(input)),
    branch,
    ...(environment !== undefined && { environment }),
    ...(imageFromStack !== undefined && { imageFromStack }),
  });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw usageError(problems.join('\n'), 'Change the answers named above.', 'BAD_ANSWER');
}

function workflowOf(input: CommandInput, config: StackConfig, github: GithubConfig): string {
  const { flags, cliVersion } = input;
  const { stack, region, partition, accountId, workers } = config;
  const { workerDir } = flags.answers;
  const { imageFromStack } = github;
  if (workerDir === undefined && imageFromStack === undefined && workers.some(({ source }) => source === 'folder')) {
    throw usageError(
      'the stack runs a worker of your own, and nothing says where in the repository it is',
      'Give its folder with --worker-dir, from the top of the repository.',
      'MISSING_ANSWERS',
    );
  }
  const role = (use: string): string =>
    `arn:${partition}:iam::${accountId}:role${ROLE_PATH}${roleName(`github-${use}`, region, stack)}`;
  const asked = Object.entries(REPEATED).flatMap(([name, flag]) =>
    typeof flags.own[name] === 'string' ? [flag, shellWord(String(flags.own[name]))] : [],
  );
  return githubWorkflow({
    stack,
    region,
    github,
    cliVersion,
    deployRole: role('deploy'),
    planRole: role('plan'),
    workerDir: workerDir === undefined ? undefined : String(workerDir),
    configFile: flags.config,
    command: ['temporal-fargate ci github --stack', stack, ...asked].join(' '),
  });
}

/** Flags that the first line of the workflow file names, for whoever writes it again. */
const REPEATED = {
  repo: '--repo',
  branch: '--branch',
  environment: '--environment',
  imageFromStack: '--image-from-stack',
} as const;

async function carryOut(
  input: CommandInput,
  stack: LockedStack,
  aws: Aws,
  config: StackConfig,
  plan: Parameters<typeof rollOut>[1],
): Promise<void> {
  const { io, signal } = input;
  const { connection, session, owner, config: before } = stack;
  io.note(formatPlan(plan));
  const who = config.github ? `Let workflows of ${config.github.repository} deploy` : 'Take the roles of GitHub from';
  await needYes(input, config.stack, 'go on', `${who} stack ${config.stack}?`);
  signal.throwIfAborted();
  if (config.github) {
    const arn = githubProviderArn(config.partition, config.accountId);
    const done = await ensureGithubProvider(connection.clients.iam, arn);
    if (done !== 'there')
      io.note(`${done === 'made' ? 'Made' : 'Amended'} ${arn}: the account trusts GitHub's tokens.`);
  }
  // Both, until it is done: what only the former has must still be found by whoever comes after an interruption.
  await session.update((draft) => {
    draft.configs = [...draft.configs.slice(0, -1), ...copies([before, config])];
  });
  await rollOut({ input, connection, aws, config, session, owner, client: undefined, command: 'ci github' }, plan, []);
  await session.update((draft) => {
    draft.configs = draft.configs.slice(-1);
  });
}

const copies = (configs: readonly StackConfig[]): Record<string, unknown>[] => JSON.parse(JSON.stringify(configs));

/** A file that somebody else wrote stays. Throws `UserError` WORKFLOW_FILE_EXISTS. */
function refuseForeign(path: string): void {
  if (!existsSync(path) || readFileSync(path, 'utf8').startsWith(MARK)) return;
  throw new UserError({
    code: 'WORKFLOW_FILE_EXISTS',
    message: `${path} is there, and this program has not written it`,
    fix: 'Move it away, then run the command again.',
  });
}

/** @returns whether anything on disk was changed */
function writeWorkflow(path: string, content: string | undefined): boolean {
  const before = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  if (before === content) return false;
  if (content === undefined) rmSync(path);
  else {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  return true;
}

function text({ github, stack }: StackConfig, path: string, changed: boolean, wrote: boolean): string {
  if (!github) {
    return [
      changed ? 'GitHub may do nothing with the stack any more.' : 'GitHub could do nothing with the stack already.',
      wrote ? `${path} is deleted.` : '',
      "The account's trust in GitHub's tokens stays, because other roles may need it. It costs nothing and allows nothing by itself.",
    ]
      .filter(Boolean)
      .join('\n');
  }
  const { repository, branch, environment, imageFromStack } = github;
  const deployed =
    imageFromStack === undefined
      ? `pushes to ${branch} are deployed to ${stack}`
      : `what stack ${imageFromStack} runs is deployed to ${stack} when somebody starts the workflow on ${branch}`;
  return [
    changed || wrote ? `${path} is written; commit and push it.` : 'Nothing to do: roles and workflow are as asked.',
    `Pull requests of ${repository} are planned, ${deployed}. No secret has to be set in GitHub.`,
    environment === undefined
      ? ''
      : `In GitHub, under Settings, Environments: ${environment} has to exist and, so that only ${branch} can deploy, be limited to that branch.`,
  ]
    .filter(Boolean)
    .join('\n');
}
