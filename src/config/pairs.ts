/** Names and values, or what is wrong with the first that is, in one sentence that quotes no value. */
export interface ParsedPairs {
  /** Sorted by name. */
  readonly pairs: Readonly<Record<string, string>>;
  readonly problem?: string;
}

/** POSIX.1-2017, "Environment Variable Definition". Lower case is allowed there for applications. */
export const PAIR_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Reads NAME=VALUE lines as .env files have them: empty lines and those that begin with # say nothing, "export " before a
 * name is skipped, and a value may be in quotes: in single ones it is taken as it is, in double ones \n, \r, \t, \" and \\
 * stand for what they do elsewhere. Without quotes, spaces at its ends and a # after a space are no part of it. Nothing is
 * put in for $NAME.
 */
export function parsePairs(text: string): ParsedPairs {
  const found = new Map<string, string>();
  const lines = text.split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const where = lines.length > 1 ? `line ${index + 1}` : 'it';
    const [, name, written] = /^\s*(?:export\s+)?([^=]*?)\s*=(.*)$/s.exec(line) ?? [];
    if (!name || written === undefined) return { pairs: {}, problem: `${where} is not of the form NAME=VALUE` };
    if (found.has(name)) return { pairs: {}, problem: `${name} is there twice` };
    const value = readValue(written.trim());
    if (value === undefined) return { pairs: {}, problem: `the quotes around the value of ${name} are not closed` };
    found.set(name, value);
  }
  return { pairs: Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1))) };
}

/** The lines that `parsePairs` reads as these. */
export const formatPairs = (pairs: Readonly<Record<string, string>>): string =>
  Object.entries(pairs)
    .map(([name, value]) => `${name}=${PLAIN.test(value) ? value : quoted(value)}`)
    .join('\n');

/** One line for what was written as NAME=VALUE where no quotes are needed, as on a command line. */
export function pairLine(written: string): string {
  const at = written.indexOf('=');
  return at < 1 ? written : formatPairs({ [written.slice(0, at)]: written.slice(at + 1) });
}

/** Lines of both; where both have a name, those of `over` count. What cannot be read is left for `parsePairs` to say. */
export function overlaid(base: string, over: string): string {
  const [below, above] = [parsePairs(base), parsePairs(over)];
  const unreadable = [below, above].some(({ problem }) => problem !== undefined);
  return unreadable ? `${base}\n${over}` : formatPairs({ ...below.pairs, ...above.pairs });
}

const PLAIN = /^([^\s"'#\\]([^\n\r"'#\\]*[^\s"'#\\])?)?$/;

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };

const quoted = (value: string): string =>
  `"${value.replace(/[\n\r\t"\\]/g, (sign) => `\\${Object.keys(ESCAPES).find((key) => ESCAPES[key] === sign)}`)}"`;

/** `undefined` when a quote is not closed, or something follows it. */
function readValue(written: string): string | undefined {
  const [quote] = /^["']/.exec(written) ?? [];
  if (quote === undefined) return written.replace(/(^|\s+)#.*$/, '');
  const closed = quote === "'" ? /^'([^']*)'\s*(#.*)?$/ : /^"((?:[^"\\]|\\.)*)"\s*(#.*)?$/;
  const [, inner] = closed.exec(written) ?? [];
  if (inner === undefined || quote === "'") return inner;
  return inner.replace(/\\(.)/g, (both, sign: string) => ESCAPES[sign] ?? both);
}
