/** Control sequences of ECMA-48 and xterm, which every terminal but a dumb one knows. */
const OPEN = '\x1b[?1049h\x1b[?25l';
const CLOSE = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const ERASE_LINE = '\x1b[K';
const ERASE_BELOW = '\x1b[J';

/** What a screen needs of `process.stdout`. Rows and columns are 24 and 80 where the terminal does not tell. */
export interface Terminal {
  readonly rows?: number;
  readonly columns?: number;
  write(text: string): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

/**
 * A picture that takes the whole terminal until it is closed; what was there before comes back then. Each picture is
 * written over the one before in one piece, without clearing, so that nothing flickers.
 */
export class Screen {
  private readonly terminal: Terminal;
  private text: string | undefined;

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  get isOpen(): boolean {
    return this.text !== undefined;
  }

  draw(text: string): void {
    const open = this.text === undefined ? OPEN : '';
    if (this.text === undefined) this.terminal.on('resize', this.redraw);
    this.text = text;
    this.terminal.write(open + frame(text, this.terminal));
  }

  /** @returns the last picture, for the terminal as it was before */
  close(): string | undefined {
    const { text } = this;
    if (text === undefined) return undefined;
    this.text = undefined;
    this.terminal.off('resize', this.redraw);
    this.terminal.write(CLOSE);
    return text;
  }

  private readonly redraw = (): void => {
    if (this.text !== undefined) this.terminal.write(frame(this.text, this.terminal));
  };
}

/** The bytes that put the text on the screen: no line wraps, and none scrolls. */
function frame(text: string, { rows = 24, columns = 80 }: Pick<Terminal, 'rows' | 'columns'>): string {
  const all = text.split('\n');
  const lines = all.length <= rows ? all : [...all.slice(0, rows - 1), `… ${all.length - rows + 1} more lines`];
  return `${HOME}${lines.map((line) => [...line].slice(0, columns).join('') + ERASE_LINE).join('\r\n')}${ERASE_BELOW}`;
}
