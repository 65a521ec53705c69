import type { Answers } from '../config/option.ts';
import { EXIT, usageError } from '../errors.ts';
import { ensurePythonEnvironment } from '../sandbox/environment.ts';
import { type SandboxOptions, sandboxStatus, startSandbox, stopSandbox } from '../sandbox/sandbox.ts';
import type { TemporalAccess } from '../sandbox/temporal-access.ts';
import type { FrontAuth } from '../sandbox/temporal-front.ts';
import type { CommandInput } from './input.ts';
import { cacheDirOf, homeOf, madeFolder } from './sandbox-home.ts';
import { prepareSandboxImage } from './worker-image.ts';

/** Base time of the emulator's state changes: a NAT gateway takes this long instead of a minute and a half. */
const DEFAULT_DELAY_SECONDS = 1;

/** `sandbox install`: makes the Python environment and the worker image, so that everything after needs no network. */
export async function sandboxInstall(input: CommandInput): Promise<number> {
  const { io, env, signal } = input;
  await ensurePythonEnvironment({ cacheDir: cacheDirOf(env), note: (text) => io.note(text), signal });
  await prepareSandboxImage(input);
  return EXIT.done;
}

/** `sandbox start`: an AWS emulator that runs the workers' processes, and a Temporal server. */
export async function sandboxStart({ io, env, signal, flags }: CommandInput): Promise<number> {
  const delaySeconds = Number(flags.own.delay ?? DEFAULT_DELAY_SECONDS);
  if (!(delaySeconds > 0 && delaySeconds <= 600)) {
    throw usageError(`--delay ${String(flags.own.delay)} is not a number of seconds up to 600`, 'Give one, such as 1.');
  }
  const { sandbox, alreadyRunning } = await startSandbox({
    home: madeFolder(homeOf(env)),
    cacheDir: cacheDirOf(env),
    delaySeconds,
    strict: typeof flags.own.strict === 'string' ? flags.own.strict.split(',') : undefined,
    temporalTls: temporalTls(flags.answers),
    note: (text) => io.note(text),
    signal,
  });
  const { endpoint, temporalAddress, temporalAccess } = sandbox;
  io.result(
    [
      `Sandbox ${alreadyRunning ? 'runs already' : 'started'}: AWS at ${endpoint}, Temporal at ${temporalAddress}.`,
      ...formatAccess(temporalAccess),
      'Next: temporal-fargate init --sandbox --yes',
    ].join('\n'),
    { endpoint, temporalAddress, temporalAccess, alreadyRunning },
  );
  return EXIT.done;
}

function temporalTls({ temporalAuth = 'none', temporalTls }: Answers): SandboxOptions['temporalTls'] {
  const auth = temporalAuth as FrontAuth;
  return auth === 'none' && temporalTls !== true ? undefined : { auth, program: process.argv[1] ?? '' };
}

/** `sandbox stop`: ends it and everything that ran in it. */
export async function sandboxStop({ io, env }: CommandInput): Promise<number> {
  const stopped = await stopSandbox({ home: homeOf(env) });
  io.result(stopped ? 'Sandbox stopped; nothing of it is left.' : 'No sandbox was running.', { stopped });
  return EXIT.done;
}

/** `sandbox status`: exit code 0 when it runs. */
export async function sandboxShow({ io, env }: CommandInput): Promise<number> {
  const running = await sandboxStatus({ home: homeOf(env) });
  if (!running) {
    io.result('No sandbox runs.', { running: false });
    return EXIT.failed;
  }
  const { endpoint, temporalAddress, temporalAccess, startedAt, delaySeconds } = running;
  io.result(
    [
      `Sandbox runs since ${startedAt}: AWS at ${endpoint}, Temporal at ${temporalAddress}.`,
      ...formatAccess(temporalAccess),
    ].join('\n'),
    { running: true, endpoint, temporalAddress, temporalAccess, startedAt, delaySeconds },
  );
  return EXIT.done;
}

/** How to connect, one file a line. Keys are named by their files, never shown. */
function formatAccess(access: TemporalAccess | undefined): string[] {
  if (!access) return [];
  const { caCert, clientCert, clientKey, apiKey, acceptedKeys } = access;
  return [
    'The Temporal server speaks TLS:',
    `  CA certificate      ${caCert}`,
    clientCert === undefined ? [] : `  client certificate  ${clientCert}`,
    clientKey === undefined ? [] : `  its key             ${clientKey}`,
    apiKey === undefined ? [] : `  API key             ${apiKey}`,
    acceptedKeys === undefined
      ? []
      : `  accepted keys       ${acceptedKeys} (take a line out to revoke a key, add a time such as 2030-01-01T00:00:00Z to let it expire)`,
  ].flat();
}
