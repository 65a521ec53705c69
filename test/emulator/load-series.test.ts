import { describe, expect, it } from 'vitest';
import { parseLoadSeries } from '../../src/sandbox/load-series.ts';

describe('a load minute by minute', () => {
  it.each<[string, (number | null)[]]>([
    ['35', [35]],
    ['35x2, 150.5 ,-x2,0', [35, 35, 150.5, null, null, 0]],
  ])('%s', (text, series) => {
    expect(parseLoadSeries(text)).toEqual(series);
  });

  it.each([
    ['', '"" is no load'],
    ['35,,60', '"" is no load'],
    ['high', '"high" is no load'],
    ['-5', '"-5" is no load'],
    ['35x0', '"35x0" is no load'],
    ['0x99999999999', '0x99999999999 is longer than a day'],
  ])('%j is refused with what one looks like', (text, message) => {
    expect(() => parseLoadSeries(text)).toThrow(
      expect.objectContaining({ message, exitCode: 64, fix: expect.stringContaining('35x2,150x5,0x20') }),
    );
  });
});
