import { listOf } from './option.ts';

/** AWS gives a thing at most 50, of which five are ours. Source: AWS General Reference, "Tagging AWS resources". */
const MOST_TAGS = 45;
const LONGEST_KEY = 128;
const LONGEST_VALUE = 256;

/** What every service takes: letters, digits and spaces of any script, and these signs. */
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** Prefixes of keys that AWS and we keep for ourselves, and the one tag by which a console names a thing. */
const TAKEN = /^(aws:|temporal-fargate:|name$)/i;

interface ParsedTags {
  /** Sorted by key. */
  readonly tags: Readonly<Record<string, string>>;
  /** What is wrong with the first that is, in one sentence. */
  readonly problem?: string;
}

/** "team=core,cost-center=42" -> tags. */
export function parseTags(text: string): ParsedTags {
  const problem = (why: string): ParsedTags => ({ tags: {}, problem: why });
  const pairs = listOf(text).map((part) => {
    const at = part.indexOf('=');
    return at < 1 ? { part } : { part, key: part.slice(0, at).trim(), value: part.slice(at + 1).trim() };
  });
  const seen = new Set<string>();
  const tags: [string, string][] = [];
  for (const { part, key, value } of pairs) {
    if (key === undefined) return problem(`"${part}" is no tag; write it as key=value`);
    const why = problemOf(key, value);
    if (why !== undefined) return problem(why);
    // IAM takes no two keys that differ in their case only.
    if (seen.has(key.toLowerCase())) return problem(`the tag "${key}" is there twice`);
    seen.add(key.toLowerCase());
    tags.push([key, value]);
  }
  if (tags.length > MOST_TAGS) return problem(`${tags.length} tags are too many: AWS leaves room for ${MOST_TAGS}`);
  return { tags: Object.fromEntries(tags.sort(([a], [b]) => (a < b ? -1 : 1))) };
}

function problemOf(key: string, value: string): string | undefined {
  if (TAKEN.test(key)) return `the tag "${key}" is given by AWS or by this program`;
  if (!ALLOWED.test(key + value)) return `the tag "${key}" holds a sign that not every AWS service takes`;
  if (key.length > LONGEST_KEY) return `the key "${key.slice(0, 20)}..." is longer than ${LONGEST_KEY} characters`;
  if (value.length > LONGEST_VALUE) return `the value of tag "${key}" is longer than ${LONGEST_VALUE} characters`;
  return undefined;
}
