import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { root } from '../scripts/setup.mjs';

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Something that was to be reached, and how far it was. */
export interface Goal {
  readonly work: string;
  /** What is to be reached, in words. */
  readonly goal: string;
  /** What was measured, in words. */
  readonly measured: string;
  /** From 1 on it is reached: 2 means twice as good as asked for. `undefined`: it could not be measured. */
  readonly margin: number | undefined;
}

/** What a part of the bench has found out. */
export interface Findings {
  readonly title: string;
  /** How it was measured, and what it does not show. */
  readonly notes: readonly string[];
  readonly tables: readonly Table[];
  /** Text that keeps its columns. */
  readonly charts?: readonly string[];
  readonly goals: readonly Goal[];
  /** Everything that was measured, for the JSON. */
  readonly data: unknown;
  /** Of what was measured besides this program: { Terraform: "1.11.4" } */
  readonly versions?: Readonly<Record<string, string>>;
}

/** A number that is not to be above `limit`. */
export const atMost = (work: string, goal: string, value: number, limit: number, unit: string, digits = 0): Goal => ({
  work,
  goal,
  measured: `${value.toFixed(digits)}${unit}`,
  margin: limit / value,
});

/** How many times less `ours` is than `theirs`; `undefined` when they are absent. */
export function timesLess(work: string, goal: string, ours: number, theirs: number | undefined, wanted: number): Goal {
  if (theirs === undefined) return { work, goal, measured: 'the peer is absent', margin: undefined };
  return { work, goal, measured: `${(theirs / ours).toFixed(1)} x`, margin: theirs / ours / wanted };
}

export const goalsTable = (goals: readonly Goal[]): Table => ({
  title: 'Goals',
  head: ['work', 'goal', 'measured', '', 'margin'],
  rows: goals.map(({ work, goal, measured, margin }) => [
    work,
    goal,
    measured,
    margin === undefined ? 'not measured' : margin >= 1 ? 'reached' : 'NOT REACHED',
    margin === undefined ? '' : `${margin.toFixed(2)} x`,
  ]),
});

/** A table of Markdown whose columns are also straight as plain text. */
export function tableText({ title, head, rows }: Table): string {
  const widths = head.map((name, n) => Math.max(3, name.length, ...rows.map((row) => (row[n] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, n) => (cells[n] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [`### ${title}`, '', line(head), rule, ...rows.map(line), ''].join('\n');
}

export function markdown(findings: Findings, where: Where): string {
  const facts = Object.entries(where).map(([name, value]) => `${name} ${value}`);
  return [
    `## ${findings.title}`,
    '',
    `${facts.join(' · ')}.`,
    '',
    ...findings.notes.flatMap((note) => [note, '']),
    ...findings.tables.map(tableText),
    ...(findings.charts ?? []).flatMap((chart) => ['```', chart, '```', '']),
    ...(findings.goals.length > 0 ? [tableText(goalsTable(findings.goals))] : []),
  ].join('\n');
}

/** When, from what and on what it was measured. */
export type Where = Readonly<Record<string, string>>;

export function whereOf({ versions = {} }: Findings): Where {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--', 'src', 'state', 'worker', 'scripts') === '' ? '' : ' and changes';
  const [processor] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: `${git('rev-parse', '--short', 'HEAD')}${changed}`,
    machine: `${cpus().length} x ${processor?.model.trim() ?? 'unknown processor'}, ${Math.round(totalmem() / 1e9)} GB`,
    Node: process.versions.node,
    ...versions,
  };
}

/** Keeps what a part has found in bench/results, as a page and as data. */
export function keep(part: string, findings: Findings, where: Where): void {
  const folder = join(root, 'bench/results');
  mkdirSync(folder, { recursive: true });
  const { goals, data } = findings;
  writeFileSync(join(folder, `${part}.md`), markdown(findings, where));
  writeFileSync(join(folder, `${part}.json`), `${JSON.stringify({ where, goals, data }, withoutTexts, 1)}\n`);
}

/** What a process has printed names ports and folders of this machine, and is no measurement. */
const withoutTexts = (key: string, value: unknown): unknown =>
  key === 'stdout' || key === 'stderr' ? undefined : value;
