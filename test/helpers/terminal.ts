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
  /** The same, with what it was. */
  find(pattern: RegExp): Promise<RegExpExecArray>;
  /** Closes the terminal under the program, as who closes its window does. */
  hangUp(): void;
  /** The next question, with its suggestion: "Task queue (test-queue)"; rejects when the program ends without one. */
  question(): Promise<string>;
  /** Types the keys at a question, and waits until the program has taken the answer. */
  answer(question: string, keys: string): Promise<void>;
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

/**
 * The built CLI, or a copy of it, in a real (pseudo-)terminal, an xterm where `env` names no other; needs python3, as the
 * sandbox does.
 */
export function openTerminal(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  size: Partial<TerminalSize> = {},
  { cwd, bin = BIN }: { cwd?: string; bin?: string } = {},
): Terminal {
  return openInTerminal([process.execPath, bin, ...args], env, size, cwd);
}

/** Any command in such a terminal. */
export function openInTerminal(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  { columns = 200, rows = 50 }: Partial<TerminalSize> = {},
  cwd = process.cwd(),
): Terminal {
  const child = spawn(
    'python3',
    ['-c', IN_A_TERMINAL, 'sh', '-c', `stty cols ${columns} rows ${rows}; exec "$@"`, 'sh', ...command],
    { cwd, env: { ...env, TERM: env.TERM ?? 'xterm' }, stdio: ['pipe', 'pipe', 'inherit'] },
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
  /** What matches after all that was found before. */
  const find = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(screen().slice(seen));
        if (!found) return;
        seen += found.index + 1;
        listeners.delete(look);
        resolve(found);
      };
      listeners.add(look);
      look();
      void ended.then(() => reject(new Error(`the program ended before it showed ${pattern}:\n${screen()}`)));
    });
  const type = (keys: string): void => {
    child.stdin.write(keys);
  };
  return {
    screen,
    raw: () => bytes,
    pictures: () => replay(bytes, { columns, rows }),
    type,
    hangUp: () => {
      child.kill('SIGKILL');
    },
    ended,
    find,
    see: async (text) => {
      await find(typeof text === 'string' ? new RegExp(escaped(text)) : text);
    },
    question: async () => (await find(/(?:^|\n)\? ([^\n]+)/))[1]?.trim() ?? '',
    answer: async (question, keys) => {
      type(keys);
      // While an answer is looked at, the question is drawn again.
      await find(new RegExp(`✔ ${escaped(question.replace(/ \(.*/, ''))}`));
    },
  };
}

/** Questions by how they begin, each with the keys that answer it. */
export type Script = readonly (readonly [question: string, keys: string])[];

/** Answers the questions in this order; another question is an error. */
export async function answerQuestions(terminal: Terminal, script: Script): Promise<void> {
  for (const [question, keys] of script) {
    const asked = await terminal.question();
    if (!asked.startsWith(question)) throw new Error(`"${asked}" was asked instead of "${question}"`);
    await terminal.answer(question, keys);
  }
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

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
