import { type Cell, nameOf } from './cells.ts';
import { DISTURBANCES, type DisturbanceName } from './disturbances.ts';
import type { Outcome } from './matrix.ts';

/** An outcome, and of which program. */
export interface Recorded extends Outcome {
  readonly commit: string;
  /** ISO 8601, in whole seconds. */
  readonly at: string;
}

const MARKS = { itself: '✓', again: '↻', failed: '✗' } as const;

/** One line for the terminal. */
export const lineOf = ({ cell, outcome, retries, seconds, problem }: Outcome): string =>
  [
    `${MARKS[outcome]} ${nameOf(cell)}: ${outcome}`,
    ...(retries > 0 ? [`${retries} ${retries === 1 ? 'retry' : 'retries'}`] : []),
    `${seconds.toFixed(1)} s`,
    ...(problem === undefined ? [] : [problem]),
  ].join(', ');

/** docs/fault-matrix.md. */
export function reportOf(recorded: readonly Recorded[], cells: readonly Cell[]): string {
  const byName = new Map(recorded.map((one) => [nameOf(one.cell), one]));
  const outcomes = cells.flatMap((cell) => byName.get(nameOf(cell)) ?? []);
  const names = Object.keys(DISTURBANCES) as DisturbanceName[];
  const failed = outcomes.filter(({ outcome }) => outcome === 'failed');
  const operations = [...new Set(cells.map(operationOf))].sort();
  const rows = operations.map((operation) => {
    const columns = names.map((name) =>
      countsOf(outcomes.filter(({ cell }) => operationOf(cell) === operation && cell.disturbance === name)),
    );
    return `| ${[operation, ...columns].join(' | ')} |`;
  });
  return `${[
    HEADING,
    summaryOf(outcomes, cells.length),
    [`| Operation | ${names.join(' | ')} |`, `|---|${names.map(() => '---|').join('')}`, ...rows].join('\n'),
    ...(failed.length === 0 ? [] : ['## What failed', failed.map(failureOf).join('\n')]),
  ].join('\n\n')}\n`;
}

const HEADING = `# Fault matrix

What becomes of a run when one of its calls goes wrong, made by \`npm run faults\`. A stack is led through \`init\`, an update,
\`deploy\`, a replacement of its network and \`destroy\`; each cell disturbs one call of one of these commands. A run that fails of
it is followed by the same command without a fault. A cell is good when the stack is then what an undisturbed run makes,
thing by thing, with nothing twice, no lock held and nothing left to plan, or for \`destroy\` when the account is as it was
before the first \`init\`; and when a run that failed has said why and what to do. Tasks and their network interfaces come and
go by themselves: they are looked for after \`destroy\` only.

✓ the disturbed run itself ended well (after \`n\` repetitions of the call: ✓n) · ↻ the same command again did · ✗ neither.
With several cells their number stands first. Killed after and answer lost: at every changing call; the others: at one call
of the operation. Up to eight cells that a run should survive are put into one run, and run one by one when it did not. The
emulator stands for AWS, with what it says in each case in \`src/sandbox/emulator/fault_answers.py\`.

| | |
|---|---|
| killed after, killed before | SIGKILL when AWS has carried the call out, or right before |
| answer lost | the connection is cut when AWS has carried the call out |
| HTTP 500, HTTP 503, throttled | refused once, by each service's own error |
| garbled | carried out, and a page of HTML comes back with status 200 |
| slow, late | carried out; the answer takes 0.6 or 1.2 times what the program waits for one |
| expired | from this call on every call is refused: the credentials have expired |
| denied | from this call on every call of the same IAM action is refused |`;

const operationOf = ({ service, operation }: Cell): string => `${service} ${operation}`;

function summaryOf(outcomes: readonly Recorded[], all: number): string {
  const count = (kind: Outcome['outcome']): number => outcomes.filter(({ outcome }) => outcome === kind).length;
  const commits = [...new Set(outcomes.map(({ commit }) => commit))].sort().join(', ');
  const days = [...new Set(outcomes.map(({ at }) => at.slice(0, 10)))].sort().join(', ');
  const minutes = Math.round(outcomes.reduce((sum, { seconds }) => sum + seconds, 0) / 60);
  const missing = all - outcomes.length;
  return [
    `${outcomes.length} of ${all} cells, ${minutes} minutes of runs: ${count('itself')} ✓, ${count('again')} ↻, ${count('failed')} ✗.`,
    ...(missing === 0 ? [] : [`${missing} have not been run.`]),
    `Run on ${days}, commit ${commits}.`,
  ].join(' ');
}

/** "3 ✓ 2 ↻" */
function countsOf(outcomes: readonly Outcome[]): string {
  const kinds = Object.keys(MARKS) as Outcome['outcome'][];
  return kinds
    .flatMap((kind) => {
      const of = outcomes.filter(({ outcome }) => outcome === kind);
      const most = Math.max(0, ...of.map(({ retries }) => retries));
      const mark = `${MARKS[kind]}${kind === 'itself' && most > 0 ? most : ''}`;
      return of.length === 0 ? [] : [of.length === 1 ? mark : `${of.length} ${mark}`];
    })
    .join(' ');
}

const failureOf = ({ cell, problem, said }: Outcome): string =>
  [`- ${nameOf(cell)}`, ...[problem, said].flatMap((text) => text?.trim().split('\n') ?? [])].join('\n  ');
