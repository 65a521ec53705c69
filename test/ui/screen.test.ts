import { EventEmitter } from 'node:events';
import xterm from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { Screen } from '../../src/ui/screen.ts';

/** A real terminal's model behind what `Screen` needs of one. */
function open(columns: number, rows: number) {
  const model = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const written: string[] = [];
  const terminal = Object.assign(new EventEmitter(), {
    rows,
    columns,
    write: (text: string) => {
      written.push(text);
      model.write(text);
    },
  });
  return {
    terminal,
    written,
    resize: (toColumns: number, toRows: number) => {
      Object.assign(terminal, { rows: toRows, columns: toColumns });
      model.resize(toColumns, toRows);
      terminal.emit('resize');
    },
    /** The rows that are not empty at the end. */
    shown: async (): Promise<string[]> => {
      await new Promise<void>((done) => model.write('', done));
      const { active } = model.buffer;
      const lines = Array.from({ length: model.rows }, (_, row) => active.getLine(active.baseY + row));
      return lines
        .map((line) => line?.translateToString(true) ?? '')
        .join('\n')
        .trimEnd()
        .split('\n');
    },
  };
}

describe('a screen', () => {
  it('shows each picture in place of the one before, written over it in one piece', async () => {
    const { terminal, written, shown } = open(20, 5);
    const screen = new Screen(terminal);
    screen.draw('one long line\nsecond\nthird');
    expect(await shown()).toEqual(['one long line', 'second', 'third']);
    screen.draw('short');
    expect(await shown()).toEqual(['short']);
    expect(written).toHaveLength(2);
    // Nothing is ever cleared before it is written anew: that is what flickers.
    expect(written.join('')).not.toContain('\x1b[2J');
  });

  it('cuts what does not fit, and draws anew when the terminal changes its size', async () => {
    const { terminal, shown, resize } = open(10, 3);
    const screen = new Screen(terminal);
    screen.draw('0123456789abc\n2\n3\n4\n5');
    expect(await shown()).toEqual(['0123456789', '2', '… 3 more l']);
    resize(20, 5);
    expect(await shown()).toEqual(['0123456789abc', '2', '3', '4', '5']);
    screen.close();
    resize(10, 3);
    expect(terminal.listenerCount('resize')).toBe(0);
  });

  it('gives the terminal back as it was, with its cursor, and tells the last picture', async () => {
    const { terminal, written, shown } = open(20, 5);
    terminal.write('$ status --watch\r\n');
    const screen = new Screen(terminal);
    screen.draw('first');
    screen.draw('last');
    expect(screen.isOpen).toBe(true);
    expect(screen.close()).toBe('last');
    expect(screen.isOpen).toBe(false);
    expect(await shown()).toEqual(['$ status --watch']);
    expect(written.at(-1)).toContain('\x1b[?25h');
    expect(screen.close()).toBeUndefined();
  });
});
