import { BlockList, isIPv4 } from 'node:net';
import { usageError } from '../errors.ts';

/** A proxy, and the variable that names it. The URL may hold a user and a password. */
export interface HttpProxy {
  readonly url: URL;
  readonly variable: string;
}

/** Variables that may name a proxy, in lower case; upper case counts as well, lower case more. */
const VARIABLES = ['grpc_proxy', 'https_proxy', 'http_proxy', 'all_proxy'] as const;
type Variable = (typeof VARIABLES)[number];

const FOR_SCHEME: Readonly<Record<string, readonly Variable[]>> = {
  'http:': ['http_proxy', 'all_proxy'],
  'https:': ['https_proxy', 'all_proxy'],
  // As gRPC's own libraries read them.
  'grpc:': ['grpc_proxy', 'https_proxy', 'http_proxy', 'all_proxy'],
};

/**
 * The proxy that leads to a host, as curl and the AWS CLI choose it. This machine itself is always reached directly.
 *
 * @param target of scheme http, https or grpc
 * @throws UserError BAD_PROXY when the variable cannot be used
 */
export function proxyFor(target: URL, env: NodeJS.ProcessEnv): HttpProxy | undefined {
  const host = target.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (isThisMachine(host) || isExempt(host, target.port || DEFAULT_PORT[target.protocol], env)) return undefined;
  for (const name of FOR_SCHEME[target.protocol] ?? []) {
    const variable = [name, name.toUpperCase()].find((candidate) => env[candidate]?.trim());
    if (variable) return { variable, url: parse(variable, env[variable]?.trim() ?? '') };
  }
  return undefined;
}

/** Passwords that the variables hold. */
export function proxyPasswords(env: NodeJS.ProcessEnv): string[] {
  return VARIABLES.flatMap((name) => [env[name], env[name.toUpperCase()]]).flatMap((text) => {
    const [, password] = /^(?:[a-z0-9]+:\/\/)?[^:@/]*:([^@/]+)@/i.exec(text?.trim() ?? '') ?? [];
    return password === undefined ? [] : [password, decoded(password)];
  });
}

/** `user:password` of the URL. */
export function loginOf({ username, password }: URL): string | undefined {
  return username || password ? `${decoded(username)}:${decoded(password)}` : undefined;
}

/** What a user name or password of a URL means; as it is where it is not encoded. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const DEFAULT_PORT: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

const isThisMachine = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(host);

/** NO_PROXY: names with all that ends in them, addresses, IPv4 ranges, each with or without a port, or "*". */
function isExempt(host: string, port: string | undefined, env: NodeJS.ProcessEnv): boolean {
  const entries = (env.no_proxy?.trim() || env.NO_PROXY || '').toLowerCase().split(/[\s,]+/);
  return entries.filter(Boolean).some((entry) => {
    if (entry === '*') return true;
    const [, range, prefix] = /^([\d.]+)\/(\d{1,2})$/.exec(entry) ?? [];
    if (range !== undefined)
      return isIPv4(host) && isIPv4(range) && isWithin(host, range, Math.min(32, Number(prefix)));
    const [, name = entry, only] = /^(\[.*\]|[^:]*):(\d+)$/.exec(entry) ?? [];
    const plain = name.replace(/^\*?\./, '').replace(/^\[|\]$/g, '');
    return (only === undefined || only === port) && (host === plain || host.endsWith(`.${plain}`));
  });
}

function isWithin(host: string, range: string, prefix: number): boolean {
  const list = new BlockList();
  list.addSubnet(range, prefix);
  return list.check(host);
}

/** Never quotes the text: it may hold a password. */
function parse(variable: string, text: string): URL {
  const full = text.includes('://') ? text : `http://${text}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw usageError(
    url ? `${variable} names a proxy of scheme ${url.protocol.slice(0, -1)}` : `${variable} is no URL of a proxy`,
    'Write it like http://host:port or http://user:password@host:port, or unset it.',
    'BAD_PROXY',
  );
}
