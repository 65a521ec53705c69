import ora, { type Ora } from 'ora';
import type { StepEvent } from '../engine/events.ts';
import { formatEvent } from './format-event.ts';
import type { Look, Question, Streams } from './io.ts';
import { LinesIo } from './lines.ts';
import { liveBlock } from './live-block.ts';
import { Screen } from './screen.ts';
import { TaskColors } from './task-colors.ts';

/** Elapsed times move by the second. */
const REDRAW_MS = 1000;

/** A person at a terminal: finished steps scroll up, what is under way is a live block at the bottom. */
export class TerminalIo extends LinesIo {
  override readonly canAsk: boolean;
  private readonly spinner: Ora;
  private redraw: NodeJS.Timeout | undefined;
  private readonly screen = new Screen(process.stdout);
  /** Told while the screen hides it. */
  private readonly untold: string[] = [];
  private readonly colors = new TaskColors();

  constructor(streams: Streams, canAsk: boolean) {
    super(streams);
    this.canAsk = canAsk;
    // Ctrl-C is ours: ora would swallow it to keep its line clean.
    const color = process.env.NO_COLOR ? false : 'cyan';
    this.spinner = ora({ stream: process.stderr, discardStdin: false, hideCursor: true, color });
  }

  override step(event: StepEvent): void {
    this.inFlight.take(event);
    if (event.type !== 'waiting') {
      const line = formatEvent(event);
      if (line !== undefined) this.story(line);
    }
    this.draw();
  }

  override async ask(question: Question, signal?: AbortSignal): Promise<string> {
    this.rest();
    const { ask } = await import('./prompts.ts');
    return ask(question, signal);
  }

  override async confirm(message: string, options: { suggestion: boolean }, signal?: AbortSignal): Promise<boolean> {
    this.rest();
    const { confirm } = await import('./prompts.ts');
    return confirm(message, options.suggestion, signal);
  }

  /** The last picture stays below what was on the terminal before. */
  override close(): void {
    super.close();
    this.rest();
    const last = this.screen.close();
    if (last !== undefined) this.streams.out(`${last}\n`);
    for (const text of this.untold.splice(0)) this.story(text);
  }

  override look(look: Look): void {
    // A spinner that stops shows the cursor.
    if (!this.screen.isOpen) this.rest();
    if (process.stdout.isTTY) this.screen.draw(this.secrets.redact(look.picture));
    else super.look(look);
  }

  override result(text: string, data: unknown): void {
    this.rest();
    super.result(text, data);
  }

  protected override taskLabel(task: string): string {
    const label = super.taskLabel(task);
    return process.stdout.isTTY && !process.env.NO_COLOR ? this.colors.paint(task, label) : label;
  }

  protected override story(text: string): void {
    if (this.screen.isOpen) {
      this.untold.push(text);
      return;
    }
    const drawing = this.spinner.isSpinning;
    if (drawing) this.spinner.clear();
    this.streams.err(`${this.secrets.redact(text)}\n`);
    if (drawing) this.spinner.render();
  }

  private draw(): void {
    const lines = liveBlock(this.inFlight.lines(), process.stderr).map((line) => this.secrets.redact(line));
    if (lines.length === 0) {
      this.rest();
      return;
    }
    this.spinner.text = lines.join('\n  ');
    if (!this.spinner.isSpinning) this.spinner.start();
    this.redraw ??= setInterval(() => this.draw(), REDRAW_MS).unref();
  }

  private rest(): void {
    clearInterval(this.redraw);
    this.redraw = undefined;
    this.spinner.stop();
  }
}
