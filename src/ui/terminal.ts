import ora, { type Ora } from 'ora';
import type { StepEvent } from '../engine/events.ts';
import { Cancelled } from '../errors.ts';
import { formatDoing, formatEvent, formatWaiting } from './format-event.ts';
import type { Question, Streams } from './io.ts';
import { LinesIo } from './lines.ts';

/** A person at a terminal: finished steps scroll up, what is under way is one live line at the bottom. */
export class TerminalIo extends LinesIo {
  override readonly canAsk: boolean;
  private readonly spinner: Ora;
  private readonly running = new Map<string, string>();

  constructor(streams: Streams, canAsk: boolean) {
    super(streams);
    this.canAsk = canAsk;
    // Ctrl-C is ours: ora would swallow it to keep its line clean.
    this.spinner = ora({ stream: process.stderr, discardStdin: false, hideCursor: true });
  }

  override step(event: StepEvent): void {
    if (event.type === 'started') this.running.set(event.id, formatDoing(event));
    else if (event.type === 'waiting') this.running.set(event.id, formatWaiting(event));
    else if (event.type !== 'note') this.running.delete(event.id);
    if (event.type !== 'waiting') {
      const line = formatEvent(event);
      if (line !== undefined) this.story(line);
    }
    this.draw();
  }

  override async ask(question: Question, signal?: AbortSignal): Promise<string> {
    this.spinner.stop();
    const prompts = await import('@inquirer/prompts');
    const message = question.help ? `${question.message} (${question.help})` : question.message;
    const validate = (text: string): boolean | string => question.validate?.(text) ?? true;
    const context = { output: process.stderr, ...(signal ? { signal } : {}) };
    return orCancelled(() => {
      if (question.secret) return prompts.password({ message, mask: '*', validate }, context);
      if (question.choices) {
        const choices = question.choices.map((value) => ({ value }));
        const { suggestion } = question;
        return prompts.select(
          { message, choices, ...(suggestion === undefined ? {} : { default: suggestion }) },
          context,
        );
      }
      return prompts.input({ message, default: question.suggestion ?? '', validate }, context);
    });
  }

  override async confirm(message: string, signal?: AbortSignal): Promise<boolean> {
    this.spinner.stop();
    const prompts = await import('@inquirer/prompts');
    const context = { output: process.stderr, ...(signal ? { signal } : {}) };
    return orCancelled(() => prompts.confirm({ message, default: false }, context));
  }

  override close(): void {
    this.running.clear();
    this.spinner.stop();
  }

  protected override story(text: string): void {
    const drawing = this.spinner.isSpinning;
    if (drawing) this.spinner.clear();
    super.story(text);
    if (drawing) this.spinner.render();
  }

  override result(text: string, data: unknown): void {
    this.spinner.stop();
    super.result(text, data);
  }

  private draw(): void {
    const texts = [...this.running.values()];
    if (texts.length === 0) {
      this.spinner.stop();
      return;
    }
    const width = (process.stderr.columns ?? 80) - 4;
    const text = this.secrets.redact(
      texts.length === 1 ? (texts[0] ?? '') : `${texts.length} steps: ${texts.join(' · ')}`,
    );
    this.spinner.text = text.length > width ? `${text.slice(0, width - 1)}…` : text;
    if (!this.spinner.isSpinning) this.spinner.start();
  }
}

/** Ctrl-C at a prompt ends the program like Ctrl-C anywhere else. */
async function orCancelled<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Error && /^(ExitPromptError|AbortPromptError)$/.test(error.name)) throw new Cancelled();
    throw error;
  }
}
