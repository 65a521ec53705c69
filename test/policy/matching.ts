import type { PrintedStatement } from '../../src/policy/index.ts';

const patterns = new Map<string, RegExp>();

/** IAM's own wildcards: any characters, and any one. */
function patternOf(text: string): RegExp {
  const known = patterns.get(text);
  if (known) return known;
  const escaped = text
    .replace(/[.+^$(){}|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const made = new RegExp(`^${escaped}$`, 's');
  patterns.set(text, made);
  return made;
}

export const fits = (pattern: string, text: string): boolean => patternOf(pattern).test(text);

export const listOf = (value: string | readonly string[]): readonly string[] => [value].flat();

export const actionsOf = (statements: readonly PrintedStatement[]): Set<string> =>
  new Set(statements.flatMap(({ Action }) => listOf(Action)));
