/** Foreground colours of ECMA-48 that can be read on dark and on light ground: cyan, magenta, green, yellow, blue. */
const COLORS = [36, 35, 32, 33, 34];

/** A colour for each task, in the order in which they appear; beyond the last one they begin anew. */
export class TaskColors {
  private readonly byTask = new Map<string, number>();

  paint(task: string, text: string): string {
    const place = this.byTask.get(task) ?? this.byTask.size;
    this.byTask.set(task, place);
    return `\x1b[${COLORS[place % COLORS.length]}m${text}\x1b[39m`;
  }
}
