import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contains, freeCidr, isLoopback, overlaps, parseCidr, subRange } from '../../src/config/network.ts';

const dotted = (address: number): string => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');

/** Any range of the IPv4 address space with a prefix between these. */
const range = (least: number, most: number) =>
  fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: 0, max: 2 ** 32 - 1 })).map(([prefix, address]) => {
    const size = 2 ** (32 - prefix);
    return { text: `${dotted(Math.floor(address / size) * size)}/${prefix}`, prefix, size };
  });

const parsed = (text: string) => {
  const cidr = parseCidr(text);
  if (!cidr) throw new Error(`${text} should be a range`);
  return cidr;
};

describe('address ranges', () => {
  it('are read as they are written', () => {
    fc.assert(
      fc.property(range(0, 32), ({ text, prefix, size }) => {
        const cidr = parsed(text);
        expect([cidr.text, cidr.prefix, cidr.last - cidr.first + 1]).toEqual([text, prefix, size]);
        expect(`${dotted(cidr.first)}/${prefix}`).toBe(text);
      }),
    );
  });

  it('with address bits beyond their prefix are none', () => {
    fc.assert(
      fc.property(range(0, 31), fc.nat(), ({ text, prefix, size }, extra) => {
        const first = parsed(text).first;
        expect(parseCidr(`${dotted(first + 1 + (extra % (size - 1)))}/${prefix}`)).toBeUndefined();
      }),
    );
  });

  it.each([
    ...['', '10.0.0.0', '10.0.0.0/', '10.0.0/16', '10.0.0.0/33', '256.0.0.0/8', '10.0.0.0.0/8'],
    ...[' 10.0.0.0/8', '10.0.0.0/8 ', '10.0.0.0/-1', '::/0', '10.0.0.0/1e1', 'ten/8'],
  ])('%j is none', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  it('cut from one are inside it, one after the other, and apart', () => {
    const index = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(range(8, 24), fc.integer({ min: 0, max: 8 }), index, index, ({ text }, deeper, one, two) => {
        const outer = parsed(text);
        const prefix = outer.prefix + deeper;
        const count = 2 ** deeper;
        const [a, b] = [subRange(outer, prefix, one), subRange(outer, prefix, two)];
        expect(a === undefined).toBe(one >= count);
        if (!a || !b) return;
        expect(contains(outer, a)).toBe(true);
        expect(a.prefix).toBe(prefix);
        expect(a.first - outer.first).toBe(one * 2 ** (32 - prefix));
        expect(overlaps(a, b)).toBe(one === two);
      }),
    );
  });

  it('beyond the end of the address space are none', () => {
    expect(subRange(parsed('255.255.0.0/16'), 24, 255)?.text).toBe('255.255.255.0/24');
    expect(subRange(parsed('255.255.0.0/16'), 24, 256)).toBeUndefined();
  });

  it('overlap exactly when one contains the other', () => {
    fc.assert(
      fc.property(range(0, 32), range(0, 32), (one, two) => {
        const [a, b] = [parsed(one.text), parsed(two.text)];
        expect(overlaps(a, b)).toBe(contains(a, b) || contains(b, a));
        expect(overlaps(a, b)).toBe(overlaps(b, a));
      }),
    );
  });
});

describe('this machine itself', () => {
  it.each(['127.0.0.1', '127.0.0.1:7233', '127.1.2.3:1', 'localhost', 'localhost:7233', '::1', '[::1]:7233'])(
    'is %s',
    (address) => {
      expect(isLoopback(address)).toBe(true);
    },
  );

  it.each([
    ...['10.0.0.1:7233', 'localhost.example.com:7233', 'mylocalhost', 'ns.acct.tmprl.cloud:7233'],
    ...['127.example.com:7233', '127.0.0.1.example.com:7233', '127.0.0.1.nip.io', '::1234', '[::12]:7233'],
  ])('is not %s', (address) => {
    expect(isLoopback(address)).toBe(false);
  });
});

describe('the range of a new VPC', () => {
  it.each([
    ['the usual one where there is none', [], '10.0.0.0/16'],
    ['the next where a part of the usual one is taken', ['172.31.0.0/16', '10.0.128.0/20'], '10.1.0.0/16'],
    ['behind a larger one', ['10.0.0.0/12'], '10.16.0.0/16'],
    ['the usual one where all are taken: VPCs may overlap', ['10.0.0.0/8'], '10.0.0.0/16'],
  ])('is %s', (_which, taken, range) => {
    expect(freeCidr(taken)).toBe(range);
  });
});
