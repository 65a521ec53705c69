import { styleText } from 'node:util';
import * as prompts from '@inquirer/prompts';
import { Cancelled } from '../errors.ts';
import { columns, WIDTH, wrap } from './format-text.ts';
import type { Choice, Question } from './io.ts';

/** From so many choices on, typed letters narrow them down. */
const MANY = 12;

/** Choices at once; with the question, its help and theirs they fit into a terminal of 24 rows. */
const ROWS = 16;

/** Asks at the terminal, on standard error. Throws `Cancelled` at Ctrl-C and when the signal aborts. */
export function ask(question: Question, signal?: AbortSignal): Promise<string> {
  const { message, secret, choices, suggestion } = question;
  const validate = (text: string): boolean | string => question.validate?.(text) ?? true;
  const config = { message, ...themeFor(question) };
  return orCancelled(signal, (context) => {
    if (secret) return prompts.password({ ...config, mask: '*', toggleMask: false, validate }, context);
    if (!choices) return prompts.input({ ...config, default: suggestion ?? '', validate }, context);
    const list = { ...config, pageSize: ROWS, ...(suggestion === undefined ? {} : { default: suggestion }) };
    if (choices.length < MANY) {
      return prompts.select({ ...list, loop: false, choices: listOf(choices) }, context);
    }
    return prompts.search({ ...list, source: (typed) => listOf(matching(choices, typed)) }, context);
  });
}

export function confirm(message: string, suggestion: boolean, signal?: AbortSignal): Promise<boolean> {
  return orCancelled(signal, (context) => prompts.confirm({ message, default: suggestion }, context));
}

/** The help stands above a question as long as it is asked, and goes when it is answered. */
function themeFor({ help }: Question) {
  if (help === undefined) return {};
  const idle = `${styleText('dim', folded(help))}\n${styleText('blue', '?')}`;
  return { theme: { prefix: { idle, done: styleText('green', '✔') } } };
}

/** Choices as a table of names and what stands beside them. */
function listOf(choices: readonly Choice[]) {
  const rows = columns(choices.map(({ value, name = value, beside = '' }) => [name, beside]));
  return choices.map(({ value, name: short = value, about }, at) => ({
    value,
    short,
    name: rows[at] ?? short,
    ...(about === undefined ? {} : { description: folded(about) }),
  }));
}

function matching(choices: readonly Choice[], typed = ''): readonly Choice[] {
  const words = typed.toLowerCase().split(/\s+/);
  return choices.filter(({ value, name = '' }) =>
    words.every((word) => `${value} ${name}`.toLowerCase().includes(word)),
  );
}

/** Broken at blanks, where a terminal would break in the middle of words. */
const folded = (text: string): string => wrap(text, Math.min(process.stderr.columns || WIDTH, WIDTH) - 1).join('\n');

/** How a prompt is asked: where it is drawn, and what takes it back. */
interface PromptContext {
  readonly output: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/** Ctrl-C at a prompt ends the program like Ctrl-C anywhere else, and so does input that ends (Ctrl-D). */
async function orCancelled<T>(
  signal: AbortSignal | undefined,
  question: (context: PromptContext) => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  // Of the end of its input a prompt says nothing. It only lets go of it, which answered ones do once they are settled.
  const onPause = (): void => ended.abort();
  process.stdin.once('pause', onPause);
  try {
    const signals = [ended.signal, ...(signal ? [signal] : [])];
    return await question({ output: process.stderr, signal: AbortSignal.any(signals) });
  } catch (error) {
    if (error instanceof Error && /^(ExitPromptError|AbortPromptError)$/.test(error.name)) throw new Cancelled();
    throw error;
  } finally {
    process.stdin.off('pause', onPause);
  }
}
