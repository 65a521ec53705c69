import { usageError } from '../errors.ts';

/** Longest series, in minutes: a day. */
const LONGEST = 24 * 60;

/**
 * A load minute by minute, in percent of what one task has: "35x2,150x5,-,0x20" is 35 for two minutes, 150 for five, one
 * without data, and nothing for twenty. Throws a usage error.
 */
export function parseLoadSeries(text: string): (number | null)[] {
  const series = text.split(',').flatMap((part) => {
    const [, value = '', times = '1'] = /^\s*(-|\d+(?:\.\d+)?)(?:x(\d+))?\s*$/.exec(part) ?? [];
    if (value === '' || Number(times) < 1) throw unreadable(`"${part}" is no load`);
    return Array.from({ length: Math.min(Number(times), LONGEST + 1) }, () => (value === '-' ? null : Number(value)));
  });
  if (series.length > LONGEST) throw unreadable(`${text} is longer than a day`);
  return series;
}

const unreadable = (message: string) =>
  usageError(message, 'Give percents of one task, minute by minute, such as 35x2,150x5,0x20; "-" is one without data.');
