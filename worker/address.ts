import { isIPv4, isIPv6 } from 'node:net';

/** Port of a Temporal frontend, in Temporal Cloud and by default everywhere else. */
const DEFAULT_PORT = '7233';

const FORM = 'is not of the form host or host:port';

export interface TemporalAddress {
  /** Without brackets. */
  readonly host: string;
  /** `host:port`, an IPv6 address in brackets. */
  readonly address: string;
}

/**
 * Reads an address as people write it: with or without a port, as a URL, an IPv6 address with or without brackets.
 * The program that deploys has the same rule (its src/config/temporal-address.ts); one table of cases tests both.
 *
 * @returns the address, or what is wrong with it, to be put behind its name: "is empty"
 */
export function parseAddress(text: string, defaultPort = DEFAULT_PORT): TemporalAddress | string {
  const bare = text
    .trim()
    .replace(/^(https?|grpcs?):\/\//i, '')
    .replace(/\/+$/, '');
  if (bare === '') return 'is empty';
  if (/\s/.test(bare)) return 'holds a space';
  // Credentials, paths and other schemes have no place in it.
  if (/[/@?#]/.test(bare)) return FORM;
  const [, bracketed, name, port = defaultPort] = isIPv6(bare)
    ? ['', bare]
    : (/^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/.exec(bare) ?? []);
  const host = (bracketed ?? name)?.toLowerCase();
  if (host === undefined || !(bracketed === undefined ? isHostName(host) : isIPv6(host) && !host.includes('%'))) {
    return FORM;
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    return `has the port "${port}", which is not a number from 1 to 65535`;
  }
  const address = `${bracketed === undefined ? host : `[${host}]`}:${Number(port)}`;
  return { host, address };
}

/** A DNS name (underscores are no part of one, but Docker's networks have them) or an IPv4 address. */
function isHostName(host: string): boolean {
  if (/^[\d.]+$/.test(host)) return isIPv4(host);
  return host.length <= 253 && host.split('.').every((label) => /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/.test(label));
}
