import { beforeEach, describe, expect, it } from 'vitest';
import { INIT, useCliStage } from './stage.ts';

const stage = useCliStage({ delaySeconds: 0.2 });
beforeEach(() => stage.emulator.reset());

const open = (env: NodeJS.ProcessEnv, size = { columns: 80, rows: 24 }) =>
  stage.open(INIT, { CI: undefined, TERM: 'xterm', ...env }, size);

const ESCAPE = '\x1b';
const CYAN = `${ESCAPE}[36m`;

/** The rows of the block: the spinner's and those below it. */
const blockOf = (picture: readonly string[]): string[] => {
  const first = picture.findIndex((row) => /^[\u2800-\u28ff] /u.test(row));
  return first < 0 ? [] : picture.slice(first).filter((row) => row !== '');
};

describe('a terminal of 80x24', () => {
  it('shows every step in flight in a block that fits, and scrolls finished ones up', async () => {
    const terminal = open({});
    expect(await terminal.ended).toBe(0);
    const pictures = await terminal.pictures();
    const blocks = pictures.map(blockOf);
    const tallest = Math.max(...blocks.map((rows) => rows.length));
    expect(tallest).toBeGreaterThan(2);
    expect(tallest).toBeLessThanOrEqual(18);
    // Every row of a block is a step of its own: none is the rest of one that was too long.
    for (const row of blocks.flat()) expect(row).toMatch(/^(. | {2})(creating|checking|[\w ()-]+: |and \d)/u);
    // Nothing of the block is left behind among what has scrolled up.
    expect(pictures.at(-1)?.filter((row) => /^(. | {2})creating/u.test(row))).toEqual([]);
    expect(terminal.screen()).toMatch(/NAT gateway \(us-east-1a\): pending \(\d+ s; usually 1 to 3 min in AWS\)/);
    expect(pictures.flat()).toContainEqual(expect.stringMatching(/^✔ VPC created: vpc-[0-9a-f]+$/));
    expect(terminal.raw()).toContain(CYAN);
    // The cursor is given back.
    expect(terminal.raw().lastIndexOf(`${ESCAPE}[?25h`)).toBeGreaterThan(terminal.raw().lastIndexOf(`${ESCAPE}[?25l`));
  });
});

describe('NO_COLOR', () => {
  it('takes the colours and leaves the block', async () => {
    const terminal = open({ NO_COLOR: '1' });
    expect(await terminal.ended).toBe(0);
    expect(terminal.raw()).toContain(`${ESCAPE}[?25l`);
    expect(terminal.raw()).not.toContain(CYAN);
  });
});

describe('a dumb terminal', () => {
  it('gets plain lines without a single control character', async () => {
    const terminal = open({ TERM: 'dumb' });
    expect(await terminal.ended).toBe(0);
    expect(terminal.raw()).not.toContain(ESCAPE);
    expect(terminal.screen()).toMatch(/^✔ VPC created: vpc-[0-9a-f]+$/m);
    expect(terminal.screen()).toContain('Stack dev is up');
  });
});
