import type { StepEvent } from '../engine/events.ts';
import { LinesIo } from './lines.ts';

/** `--quiet`: what went wrong and the result; no story. */
export class QuietIo extends LinesIo {
  override step(event: StepEvent): void {
    if (event.type === 'failed' || event.type === 'kept') super.step(event);
  }

  override note(_text: string): void {}
}
