import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { POLICY_COMMANDS, type PolicyCommand } from '../../src/policy/index.ts';
import { emulatorEnvironment } from '../../src/sandbox/emulator.ts';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import {
  type Authorization,
  type OfCommand,
  type Statement,
  type Verdict,
  verdictOf,
} from '../helpers/authorizations.ts';
import { testCacheDir } from '../helpers/paths.ts';

/** One authorization held against policies. */
export interface Trial<A extends Authorization = Authorization> {
  readonly one: A;
  readonly statements: readonly Statement[];
  readonly boundary?: readonly Statement[] | undefined;
  readonly verdict: Verdict;
}

/** Every trial of this process, for `verdictsOfEmulator`. */
export const trials: Trial[] = [];

export async function tried<A extends Authorization>(
  one: A,
  statements: readonly Statement[],
  boundary?: readonly Statement[],
): Promise<Trial<A>> {
  const trial = { one, statements, boundary, verdict: await verdictOf(one, statements, boundary) };
  trials.push(trial);
  return trial;
}

/** "state show" is a part of `state`. `undefined` for a command without a policy. */
export function policyCommandOf({ command }: Pick<OfCommand, 'command'>): PolicyCommand | undefined {
  const [name] = command.split(' ');
  return POLICY_COMMANDS.find((one) => one === name);
}

/** What the emulator, which enforces policies, says of the same trials: in a process beside this one. */
export async function verdictsOfEmulator(of: readonly Trial[]): Promise<boolean[]> {
  const { python } = await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined });
  const documents = (statements: readonly Statement[]) =>
    statements.map((Statement) => JSON.stringify({ Version: '2012-10-17', Statement }));
  const input = of.map(({ one: { action, resource, context }, statements, boundary }) => ({
    ...{ action, resource, context, policies: documents(statements) },
    boundary: boundary ? [JSON.stringify({ Version: '2012-10-17', Statement: boundary })] : [],
  }));
  const script = fileURLToPath(new URL('../helpers/iam_verdicts.py', import.meta.url));
  const judge = spawn(python, [script], { env: emulatorEnvironment() });
  judge.stdin.end(JSON.stringify(input));
  const [verdicts, problems, [status]] = await Promise.all([
    text(judge.stdout),
    text(judge.stderr),
    once(judge, 'close'),
  ]);
  if (status !== 0) throw new Error(problems);
  return JSON.parse(verdicts);
}
