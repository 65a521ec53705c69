import type { CallShape } from '../../src/aws/call-shapes.ts';

/** What AWS and the emulator answered differently to requests of one form. */
export interface Difference {
  /** "EC2 DescribeVpcs" */
  readonly call: string;
  /** "Vpcs[].OwnerId: string" or "error NoSuchBucket" */
  readonly what: string;
  /** Who answered it, and the other never did. */
  readonly only: 'AWS' | 'emulator';
}

export interface Comparison {
  readonly differences: readonly Difference[];
  /** Requests, by call and form, that both were asked. */
  readonly compared: number;
  /** "EC2 DescribeVpcs" of those that only one was asked, so that nothing can be said. */
  readonly unmatched: readonly { readonly call: string; readonly asked: 'AWS' | 'emulator' }[];
}

/** Everything that was answered to requests of one form. */
interface Answers {
  readonly call: string;
  readonly lines: Set<string>;
}

/**
 * Compares by request: what was asked in one form (the same members, whatever their values) is to be answered in the
 * same forms and with the same errors. How often it was asked does not count.
 */
export function compareShapes(aws: readonly CallShape[], emulator: readonly CallShape[]): Comparison {
  const [ours, theirs] = [answersByRequest(aws), answersByRequest(emulator)];
  const both = [...ours.keys()].filter((request) => theirs.has(request));
  const differences = both.flatMap((request) => {
    const [real, emulated] = [ours.get(request) as Answers, theirs.get(request) as Answers];
    return [...missing(real, emulated, 'AWS'), ...missing(emulated, real, 'emulator')];
  });
  return {
    differences: distinct(differences),
    compared: both.length,
    unmatched: [...unmatched(ours, theirs, 'AWS'), ...unmatched(theirs, ours, 'emulator')],
  };
}

function answersByRequest(shapes: readonly CallShape[]): Map<string, Answers> {
  const found = new Map<string, Answers>();
  for (const { service, operation, request, outcome } of shapes) {
    const call = `${service} ${operation}`;
    const key = JSON.stringify([call, request]);
    const answers = found.get(key) ?? { call, lines: new Set() };
    found.set(key, answers);
    for (const line of 'error' in outcome ? [`error ${outcome.error}`] : outcome.reply) answers.lines.add(line);
  }
  return found;
}

function missing(from: Answers, in_: Answers, only: Difference['only']): Difference[] {
  return [...from.lines]
    .filter((line) => !in_.lines.has(line) && canTell(line, in_.lines))
    .map((what) => ({ call: from.call, what, only }));
}

/** Nothing is known of the elements of a list that was always empty, nor of the members of what was never there. */
function canTell(line: string, lines: ReadonlySet<string>): boolean {
  if (line.startsWith('error ')) return true;
  const path = line.slice(0, line.lastIndexOf(':'));
  if (path.endsWith('[]')) return [...lines].some((other) => other.startsWith(path));
  const end = path.lastIndexOf('.');
  return end < 0 || lines.has(`${path.slice(0, end)}: object`);
}

function unmatched(of: Map<string, Answers>, in_: Map<string, Answers>, asked: Difference['only']) {
  const alone = [...of].filter(([request]) => !in_.has(request));
  return distinct(alone.map(([, { call }]) => ({ call, asked })));
}

const distinct = <T>(some: readonly T[]): T[] => [...new Map(some.map((one) => [JSON.stringify(one), one])).values()];

/** The comparison as Markdown. */
export function formatComparison({ differences, compared, unmatched }: Comparison): string {
  const rows = differences.map(({ call, what, only }) => `| ${call} | \`${what}\` | ${only} |`);
  const apart = unmatched.map(({ call, asked }) => `- ${call}: asked in this form only of ${asked}`);
  return [
    `${compared} forms of requests were answered by both; ${differences.length} differences.`,
    ...(rows.length === 0 ? [] : ['', '| Call | What | Only from |', '|---|---|---|', ...rows]),
    ...(apart.length === 0 ? [] : ['', 'Not compared:', '', ...apart]),
  ].join('\n');
}
