/** What a command has said so far, for whoever waits to hear something. */
export class Said {
  stdout = '';
  stderr = '';
  private readonly listeners = new Set<() => void>();

  add(stream: 'stdout' | 'stderr', text: string): void {
    this[stream] += text;
    for (const listener of this.listeners) listener();
  }

  /** Resolves when either stream contains the text; rejects when the command ends without it. */
  waitFor(text: string | RegExp, end: Promise<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      const listen = (): void => {
        const all = this.stdout + this.stderr;
        if (!(typeof text === 'string' ? all.includes(text) : text.test(all))) return;
        this.listeners.delete(listen);
        resolve();
      };
      this.listeners.add(listen);
      listen();
      void end.then(() => reject(new Error(`it ended before it said ${text}:\n${this.stderr}`)));
    });
  }
}
