import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Answers, OptionKey } from '../config/option.ts';
import { UserError } from '../errors.ts';
import { type SandboxRecord, sandboxStatus } from '../sandbox/sandbox.ts';
import type { TemporalAccess } from '../sandbox/temporal-access.ts';
import type { CommandInput } from './input.ts';

/** Folder of the sandbox's run file and logs. */
export const homeOf = (env: NodeJS.ProcessEnv): string =>
  env.TEMPORAL_FARGATE_HOME || join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'temporal-fargate');

/** Folder of what is made once and kept: the sandbox's Python environment, image layers. Makes it. */
export const cacheDirOf = (env: NodeJS.ProcessEnv): string =>
  madeFolder(
    env.TEMPORAL_FARGATE_CACHE_DIR || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'temporal-fargate'),
  );

/** The folder, made where it is missing. Node's `recursive` tries for ever in a parent that takes none, such as /proc. */
export function madeFolder(path: string): string {
  if (existsSync(path)) return path;
  madeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!existsSync(path)) throw error;
  }
  return path;
}

/** The sandbox that runs. Throws `UserError` NO_SANDBOX. */
export async function runningSandbox({ env }: Pick<CommandInput, 'env'>): Promise<SandboxRecord> {
  const running = await sandboxStatus({ home: homeOf(env) });
  if (running) return running;
  throw new UserError({
    code: 'NO_SANDBOX',
    message: 'no sandbox runs on this machine',
    fix: 'Start one: temporal-fargate sandbox start',
  });
}

/** What the sandbox's Temporal server asks of its clients, as answers; an `init` in it needs no other. */
export function sandboxAnswers(access: TemporalAccess | undefined): Answers {
  if (!access) return {};
  const files: [OptionKey, string | undefined][] = [
    ['temporalTlsServerCaCert', access.caCert],
    ['temporalApiKey', access.apiKey],
    ['temporalTlsClientCert', access.clientCert],
    ['temporalTlsClientKey', access.clientKey],
  ];
  return {
    temporalAuth: access.auth,
    temporalTls: true,
    ...Object.fromEntries(
      files.flatMap(([key, path]) => (path === undefined ? [] : [[key, readFileSync(path, 'utf8')]])),
    ),
  };
}
