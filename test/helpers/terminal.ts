import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import xterm from '@xterm/headless';
import { BIN } from './cli.ts';

/**
 * Copies between its own standard input and output and a pseudo-terminal on which the command runs. Ends with the
 * command's exit code.
 */
const IN_A_TERMINAL = 'import os, pty, sys; sys.exit(os.WEXITSTATUS(pty.spawn(sys.argv[1:])))';

export interface Terminal {
  /** What is on the screen, as text without colours and cursor movements. */
  screen(): string;
  /** Every byte that was drawn. */
  raw(): string;
  /** What the terminal shows after each frame, row by row; its last picture is what a person is left with. */
  pictures(): Promise<string[][]>;
  /** Types the keys as a person would. */
  type(keys: string): void;
  /** Resolves when the text is drawn after all that was seen before; rejects when the program ends without it. */
  see(text: string | RegExp): Promise<void>;
  /** Closes the terminal under the program, as who closes its window does. */
  hangUp(): void;
  /** Resolves with the exit code. */
  readonly ended: Promise<number>;
}

const ESCAPE = '\x1b';
export const CTRL_C = '\x03';
export const CTRL_D = '\x04';
export const ENTER = '\r';

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** The built CLI in a real (pseudo-)terminal, an xterm where `env` names no other; needs python3, as the sandbox does. */
export function openTerminal(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  size: TerminalSize = { columns: 200, rows: 50 },
): Terminal {
  const child = spawn(
    'python3',
    [
      '-c',
      IN_A_TERMINAL,
      'sh',
      '-c',
      `stty cols ${size.columns} rows ${size.rows}; exec "$@"`,
      'sh',
      process.execPath,
      BIN,
      ...args,
    ],
    { env: { ...env, TERM: env.TERM ?? 'xterm' }, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  let bytes = '';
  let seen = 0;
  const listeners = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    bytes += text;
    for (const listener of listeners) listener();
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? -1));
  });
  const screen = (): string => stripVTControlCharacters(bytes).replaceAll('\r', '');
  return {
    screen,
    raw: () => bytes,
    pictures: () => replay(bytes, size),
    type: (keys) => {
      child.stdin.write(keys);
    },
    hangUp: () => {
      child.kill('SIGKILL');
    },
    ended,
    see: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const fresh = screen().slice(seen);
          const at = typeof text === 'string' ? fresh.indexOf(text) : fresh.search(text);
          if (at < 0) return;
          seen += at + 1;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
        void ended.then(() => reject(new Error(`the program ended before it showed ${text}:\n${screen()}`)));
      }),
  };
}

/**
 * What ends a frame: of the live block the end of its synchronized update, of a picture the erasing of what is below.
 * In which pieces the bytes came is up to chance.
 */
const FRAME_END = new RegExp(`(?<=${ESCAPE}\\[(?:\\?2026l|J))`);

/** Draws the frames on a real terminal's screen model. */
async function replay(bytes: string, { columns, rows }: TerminalSize): Promise<string[][]> {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const pictures: string[][] = [];
  for (const frame of bytes.split(FRAME_END)) {
    await new Promise<void>((done) => terminal.write(frame, done));
    const { active } = terminal.buffer;
    pictures.push(
      Array.from({ length: rows }, (_, row) => active.getLine(active.baseY + row)?.translateToString(true) ?? ''),
    );
  }
  terminal.dispose();
  return pictures;
}
