import { listOf } from './option.ts';

/** TCP ports, both ends included. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** A security group takes 60 rules of a direction. Source: Amazon VPC quotas. Some are left for what is always open. */
const MOST_RANGES = 50;

interface ParsedPorts {
  /** In order, none touching another. */
  readonly ranges: readonly PortRange[];
  readonly problem?: string;
}

/** "5432, 8000-8100" */
export function parsePorts(text: string): ParsedPorts {
  const ranges: PortRange[] = [];
  for (const part of listOf(text)) {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (!(from >= 1 && from <= to && to <= 65_535)) {
      return { ranges: [], problem: `"${part}" is no port or range of ports, such as 5432 or 8000-8100` };
    }
    ranges.push({ from, to });
  }
  const joined = joinRanges(ranges);
  return joined.length > MOST_RANGES
    ? { ranges: [], problem: `${joined.length} ranges are too many: a security group has room for ${MOST_RANGES}` }
    : { ranges: joined };
}

export const formatPorts = (ranges: readonly PortRange[]): string =>
  ranges.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(',');

/** The same ports in as few ranges as can be. */
function joinRanges(ranges: readonly PortRange[]): PortRange[] {
  const joined: PortRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const before = joined.at(-1);
    if (before && range.from <= before.to + 1) {
      joined.splice(-1, 1, { from: before.from, to: Math.max(before.to, range.to) });
    } else joined.push(range);
  }
  return joined;
}
