/**
 * Runs `save` one at a time. Requests that arrive while a save runs share the next one. After a failure every
 * request fails with it: a writer that was overtaken must not write again.
 */
export class SerialWriter {
  private readonly save: () => Promise<void>;
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;

  constructor(save: () => Promise<void>) {
    this.save = save;
  }

  /** Resolves when a save that began after this call has ended. */
  request(): Promise<void> {
    this.next ??= Promise.all([this.running, nextTick()]).then(() => {
      this.running = this.next;
      this.next = undefined;
      return this.save();
    });
    return this.next;
  }

  /** Resolves when nothing is being saved, whether it succeeded or not. */
  async idle(): Promise<void> {
    await Promise.allSettled([this.running, this.next]);
  }
}

/** Lets requests of the same turn join the first save. */
const nextTick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
