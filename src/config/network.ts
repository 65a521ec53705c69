/** IPv4 ranges in CIDR notation, just as much as a network plan needs. */
export interface Cidr {
  readonly text: string;
  /** First address, as an unsigned 32-bit number. */
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

/** `undefined` when the text is no range, or has address bits set beyond its prefix (10.0.1.0/16). */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (!match) return undefined;
  const [a, b, c, d, prefix] = match.slice(1).map(Number) as [number, number, number, number, number];
  if ([a, b, c, d].some((octet) => octet > 255) || prefix > 32) return undefined;
  const first = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  const size = 2 ** (32 - prefix);
  if (first % size !== 0) return undefined;
  return { text, first, last: first + size - 1, prefix };
}

export const overlaps = (a: Cidr, b: Cidr): boolean => a.first <= b.last && b.first <= a.last;

export const contains = (outer: Cidr, inner: Cidr): boolean => outer.first <= inner.first && inner.last <= outer.last;

/** The `index`-th range with this prefix inside `outer`, counted from its first address: (10.0.0.0/16, 24, 101). */
export function subRange(outer: Cidr, prefix: number, index: number): Cidr | undefined {
  const first = outer.first + index * 2 ** (32 - prefix);
  const octets = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  const range = parseCidr(`${octets.join('.')}/${prefix}`);
  return range && contains(outer, range) ? range : undefined;
}

/** The first /16 of 10.0.0.0/8 that none of these ranges overlaps, so that the VPCs can be joined one day. */
export function freeCidr(taken: readonly string[]): string {
  const ranges = taken.flatMap((text) => parseCidr(text) ?? []);
  const candidates = Array.from({ length: 256 }, (_, index) => `10.${index}.0.0/16`);
  const isFree = (text: string): boolean => {
    const candidate = parseCidr(text);
    return candidate !== undefined && !ranges.some((range) => overlaps(range, candidate));
  };
  // VPCs may overlap: with no room left, the usual range will do.
  return candidates.find(isFree) ?? '10.0.0.0/16';
}

/** Whether `host` or `host:port` is this machine itself, to the last letter: 127.example.com is somebody else's. */
export const isLoopback = (address: string): boolean =>
  /^((127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?|::1)$/.test(address);

/** Ranges of RFC 1918 and RFC 6598: addresses that mean something only inside of a network. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'].flatMap(
  (text) => parseCidr(text) ?? [],
);

/** Whether `host` or `host:port` is a private IPv4 address. Of a name nobody can say. */
export function isPrivateAddress(address: string): boolean {
  const host = parseCidr(`${address.replace(/:\d+$/, '')}/32`);
  return host !== undefined && PRIVATE.some((range) => contains(range, host));
}

/** Ranges of the subnets of a VPC, zone by zone. */
export interface SubnetRanges {
  readonly publicCidrs: string[];
  readonly privateCidrs: string[];
}

export const NO_RANGES: SubnetRanges = { publicCidrs: [], privateCidrs: [] };

/**
 * Public subnets from the second part of the range on, private ones from its upper part on: in a /16 that is
 * x.x.1.0/24, x.x.2.0/24 and x.x.101.0/24, x.x.102.0/24. Smaller ranges are cut into 16 parts. `undefined` when there are
 * too few of them.
 */
export function subnetRanges(cidr: string, zones: number, withPrivate: boolean): SubnetRanges | undefined {
  const outer = parseCidr(cidr);
  if (!outer) return NO_RANGES;
  const [prefix, publicFrom, privateFrom] = outer.prefix <= 17 ? [24, 1, 101] : [Math.min(outer.prefix + 4, 28), 0, 8];
  const ranges = (from: number): string[] | undefined => {
    const found = Array.from({ length: zones }, (_, index) => subRange(outer, prefix, from + index)?.text);
    return found.every((text) => text !== undefined) ? found : undefined;
  };
  const publicCidrs = ranges(publicFrom);
  const privateCidrs = withPrivate ? ranges(privateFrom) : [];
  return publicCidrs && privateCidrs ? { publicCidrs, privateCidrs } : undefined;
}
