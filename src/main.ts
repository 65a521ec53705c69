import { CommanderError } from 'commander';
import { proxyPasswords } from './aws/proxy.ts';
import { buildProgram, type Call } from './cli.ts';
import { OPTIONS } from './config/options.ts';
import { Cancelled, EXIT, ManyErrors, UserError } from './errors.ts';
import { formatError } from './ui/format-error.ts';
import type { Io, Streams } from './ui/io.ts';
import { SECRETS } from './ui/redact.ts';
import { USAGE_FIX } from './usage.ts';

declare const CLI_VERSION: string | undefined;
const version = typeof CLI_VERSION === 'string' ? CLI_VERSION : '0.0.0-source';

/** Runs the program as this process; the only place where signals begin. @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  const streams: Streams = {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
  };
  process.on('uncaughtException', endOnBug);
  const abort = abortOnSignals();
  // Without a listener Node dies of a closed pipe (`| head -1`) with a stack, in the middle of whatever it is doing.
  process.stdout.on('error', abort.onClosedPipe);
  process.stderr.on('error', ignoreClosedPipe);
  try {
    return await runProgram(argv, streams, abort.signal);
  } finally {
    abort.dispose();
    process.off('uncaughtException', endOnBug);
  }
}

/** What nobody has caught is a bug. Node itself would print it with all that hangs on it, secrets among them. */
function endOnBug(error: unknown): void {
  process.stderr.write(`${SECRETS.redact(formatError(error, true))}\n`);
  process.exit(EXIT.failed);
}

/**
 * Runs one command line; the only place where errors end. Nothing of the process is touched but its environment, which
 * is read: several may run side by side. @returns the exit code
 */
export async function runProgram(argv: readonly string[], streams: Streams, signal: AbortSignal): Promise<number> {
  let exitCode: number = EXIT.done;
  const program = buildProgram(version, async (call) => {
    exitCode = await runCommand(call, streams, signal);
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Help and --version end like this too, with code 0.
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.done;
    // Commander has told people on standard error; programs read standard output.
    if (argv.includes('--json')) {
      const { message } = error;
      streams.out(`${JSON.stringify({ code: 'USAGE', message, fix: USAGE_FIX, type: 'error' })}\n`);
    }
    return EXIT.usage;
  }
}

async function runCommand(call: Call, streams: Streams, signal: AbortSignal): Promise<number> {
  const io = await makeIo(call, streams);
  if (Number.parseInt(process.versions.node, 10) < 22) {
    io.warn(
      `Node ${process.versions.node} has reached its end of life; from January 2027 on the AWS SDK needs Node 22.`,
    );
  }
  for (const secret of secretsIn(process.env)) io.keepSecret(secret);
  try {
    const command = await call.load();
    return await command({ io, signal, env: process.env, cliVersion: version, command: call.name, flags: call.flags });
  } catch (error) {
    const { explainAwsError } = await import('./aws/explain.ts');
    const explained = explainAwsError(error);
    io.close();
    io.error(explained, { debug: call.flags.debug });
    return exitCodeOf(explained);
  } finally {
    io.close();
  }
}

/** Emulators are content with such keys as "test", a word that is no secret anywhere. AWS's and GitHub's own have 40 characters. */
const SHORTEST_KEY = 16;

function secretsIn(env: NodeJS.ProcessEnv): readonly string[] {
  const answers = OPTIONS.flatMap(({ secret, env: names }) => (secret ? names : []));
  const keys = [env.AWS_SECRET_ACCESS_KEY, env.AWS_SESSION_TOKEN, env.GH_TOKEN, env.GITHUB_TOKEN];
  return [
    ...answers.map((name) => (env[name] ?? '').trim()),
    ...keys.flatMap((key) => (key !== undefined && key.length >= SHORTEST_KEY ? [key] : [])),
    ...proxyPasswords(env),
  ];
}

async function makeIo({ flags }: Call, streams: Streams): Promise<Io> {
  if (flags.json) return new (await import('./ui/json.ts')).JsonIo(streams);
  if (flags.quiet) return new (await import('./ui/quiet.ts')).QuietIo(streams);
  // A dumb terminal has no cursor to move, so there is nothing to draw with.
  const drawing = process.stderr.isTTY === true && !process.env.CI && process.env.TERM !== 'dumb';
  if (drawing) return new (await import('./ui/terminal.ts')).TerminalIo(streams, process.stdin.isTTY === true);
  return new (await import('./ui/lines.ts')).LinesIo(streams);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof Cancelled) return EXIT.interrupted;
  if (error instanceof UserError) return error.exitCode;
  if (error instanceof ManyErrors) return Math.max(EXIT.failed, ...error.errors.map(exitCodeOf));
  return EXIT.failed;
}

/** Ctrl-C, what CI systems send, and a terminal that is closed. */
const STOPPING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The first of these signals stops the run in good order; a second one changes nothing: the call in flight is recorded. */
function abortOnSignals(): { signal: AbortSignal; onClosedPipe(error: Error): void; dispose(): void } {
  const controller = new AbortController();
  const stop = (): void => {
    if (!controller.signal.aborted) process.stderr.write('\nStopping after the call in flight ...\n');
    controller.abort(new Cancelled());
  };
  for (const name of STOPPING) process.on(name, stop);
  return {
    signal: controller.signal,
    // Nobody reads the result any more: stop in good order, as on a signal.
    onClosedPipe: (error) => {
      ignoreClosedPipe(error);
      controller.abort(new Cancelled());
    },
    dispose: () => {
      for (const name of STOPPING) process.off(name, stop);
    },
  };
}

/** The work matters more than its story: a reader or a terminal that went away ends the reading only. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
}
