import type { ExpectStatic } from 'vitest';
import type { EmulatorOptions } from '../../src/sandbox/emulator.ts';
import { type CliResult, cliEnvironment, leanBin, type RunningCli, runCli, startCli } from '../helpers/cli.ts';
import { type Inventory, type LoggedCall, type TestEmulator, useEmulator } from '../helpers/emulator.ts';
import { openTerminal, type Terminal, type TerminalSize } from '../helpers/terminal.ts';
import { useWarmPrograms } from '../helpers/warm-programs.ts';

/** An API key that nobody would find by chance. */
export const API_KEY = 'planted-key-3f9a1c77';

/** The whole `init` without a Temporal server: nothing listens at port 1, and with `--verify health` nobody asks. */
export const INIT = ['init', '--yes', '--verify', 'health'] as const;
/** Down to the last trace: the data, the state and its bucket too. */
export const DESTROY = [
  ...['destroy', '--yes', '--confirm', 'dev'],
  ...['--purge', '--delete-data', '--delete-state-bucket'],
] as const;

type Extra = Readonly<Record<string, string | undefined>>;

export interface CliStage {
  readonly emulator: TestEmulator;
  env(extra?: Extra): NodeJS.ProcessEnv;
  /** To its end, in a process that has loaded the program already; with input in one of its own. */
  run(args: readonly string[], extra?: Extra, input?: string): Promise<CliResult>;
  /** In a process of its own. */
  start(args: readonly string[], extra?: Extra): RunningCli;
  /** In a terminal. */
  open(args: readonly string[], extra?: Extra, size?: TerminalSize): Terminal;
  /** Calls of the program that changed something; taking and giving back the lock is none. */
  changes(): Promise<LoggedCall[]>;
}

/** The built program, with a worker that has no dependencies, against one emulator for all tests of a file. */
export function useCliStage(options: Partial<EmulatorOptions> = {}): CliStage {
  const emulator = useEmulator({ delaySeconds: 0.1, tasks: 'simulated', ...options });
  const env = (extra: Extra = {}): NodeJS.ProcessEnv =>
    withoutUndefined({
      ...cliEnvironment(emulator.address),
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      TEMPORAL_API_KEY: API_KEY,
      // As the sandbox sets it: the slower the emulator, the longer the program looks before it gives something up.
      TEMPORAL_FARGATE_TIME_SCALE: String(Math.max(0.02, emulator.delaySeconds / 20)),
      ...extra,
    });
  const run = useWarmPrograms(leanBin);
  return {
    emulator,
    env,
    run: (args, extra, input) =>
      input === undefined ? run(args, env(extra)) : runCli(args, env(extra), input, leanBin()),
    start: (args, extra) => startCli(args, env(extra), undefined, leanBin()),
    open: (args, extra, size) => openTerminal(args, env(extra), size, { bin: leanBin() }),
    changes: async () => (await emulator.calls()).filter((call) => call.mutating && !isLock(call) && !isRead(call)),
  };
}

const isLock = ({ service, params }: LoggedCall): boolean =>
  service === 's3' && String(params.Key ?? '').endsWith('/lock.json');
/** Reads whose name does not start like one. */
const isRead = ({ operation }: LoggedCall): boolean => operation === 'FilterLogEvents';

const withoutUndefined = (env: Extra): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));

/** One clear message with its fix, an exit code, no result and no stack. */
export function expectRefusal(
  expect: ExpectStatic,
  result: CliResult,
  { code, says, fix }: { code: number; says: string | RegExp; fix: string | RegExp },
): void {
  const message = result.stderr.slice(Math.max(0, result.stderr.lastIndexOf('✖')));
  expect(message).toMatch(says);
  expect(message).toMatch(fix);
  expect(result.code).toBe(code);
  expect(result.stdout).toBe('');
  expect(result.stderr).not.toMatch(/^\s+at /m);
}

/** How many things of each kind there are: { "ec2 vpc": 2 }. */
export function counts(inventory: Inventory): Record<string, number> {
  return Object.fromEntries(
    Object.entries(inventory).flatMap(([service, kinds]) =>
      Object.entries(kinds).map(([kind, things]) => [`${service} ${kind}`, Object.keys(things).length]),
    ),
  );
}
