import { execFileSync } from 'node:child_process';
import { environmentFetch } from '../aws/environment-fetch.ts';
import { childEnvironment } from '../child-environment.ts';
import { asError, usageError } from '../errors.ts';
import type { CommandInput } from './input.ts';

export interface Repository {
  /** `owner/name`, as GitHub spells it. */
  readonly repository: string;
  readonly repositoryId: string;
  readonly ownerId: string;
}

/** The repository of --repo, or of the folder's remote, with the ids that GitHub has given it. Throws a usage error. */
export async function repositoryAsked(input: CommandInput): Promise<Repository> {
  const { repo, repositoryId, ownerId } = input.flags.own;
  const repository = typeof repo === 'string' ? repo : repositoryHere();
  if (typeof repositoryId === 'string' && typeof ownerId === 'string') return { repository, repositoryId, ownerId };
  return askGithub(input, repository);
}

/** GitHub reads workflows at the top of a repository only. Throws a usage error in any other folder of one. */
export function refuseSubfolder(): void {
  const below = git('rev-parse', '--show-prefix');
  if (!below) return;
  throw usageError(
    `this folder is ${below} of its repository, and GitHub reads workflows at the top of it only`,
    'Run the command there; --worker-dir is the folder of the worker from there.',
    'NOT_AT_TOP',
  );
}

/** What git says; `undefined` where it fails, as outside of every repository. */
function git(...args: readonly string[]): string | undefined {
  try {
    return execFileSync('git', args, { encoding: 'utf8', env: childEnvironment(), stdio: 'pipe' }).trim();
  } catch {
    return undefined;
  }
}

/** `git@github.com:owner/name.git` and `https://github.com/owner/name` */
const REMOTE = /[@/][\w.-]*github[\w.-]*[:/]([\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/;

function repositoryHere(): string {
  const fix = 'Give --repo owner/name.';
  const remote = git('remote', 'get-url', 'origin');
  if (remote === undefined) throw usageError('this folder is no clone of a repository on GitHub', fix, 'NO_REPOSITORY');
  const [, name] = REMOTE.exec(remote) ?? [];
  if (name === undefined) throw usageError('the remote "origin" is not on GitHub', fix, 'NO_REPOSITORY');
  return name;
}

async function askGithub({ env, signal }: CommandInput, repository: string): Promise<Repository> {
  const api = env.GITHUB_API_URL || 'https://api.github.com';
  const token = env.GH_TOKEN || env.GITHUB_TOKEN;
  const headers = {
    accept: 'application/vnd.github+json',
    'user-agent': 'temporal-fargate',
    ...(token && { authorization: `Bearer ${token}` }),
  };
  const byHand = `gh api repos/${repository} --jq '.id, .owner.id' shows both numbers: give them with --repository-id and --owner-id.`;
  let answer: { full_name?: string; id?: number; owner?: { id?: number } };
  try {
    const response = await environmentFetch(env)(`${api}/repos/${repository}`, { headers, signal });
    if (response.status === 404)
      throw new Error(
        `there is no such repository, or it is private${token ? '' : ' and neither GH_TOKEN nor GITHUB_TOKEN is set'}`,
      );
    if (!response.ok) throw new Error(`GitHub answers ${response.status}`);
    answer = (await response.json()) as typeof answer;
  } catch (error) {
    signal.throwIfAborted();
    throw usageError(
      `looking up repository ${repository}: ${asError(error).message}`,
      `Check --repo. ${byHand}`,
      'GITHUB_REPOSITORY',
    );
  }
  const { full_name: name = repository, id, owner } = answer;
  if (id === undefined || owner?.id === undefined)
    throw usageError(`looking up repository ${repository}: what answered is not GitHub`, byHand, 'GITHUB_REPOSITORY');
  return { repository: name, repositoryId: String(id), ownerId: String(owner.id) };
}
