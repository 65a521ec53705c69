/** Rows that stay free below what has scrolled up, so that the newest finished steps can be read. */
const ROWS_ABOVE = 6;

/** Columns that the spinner before the first line takes. */
const SPINNER = 2;

/**
 * What is drawn at the bottom of a terminal while steps run: a line each, cut to the width, and no more of them than
 * leave room for what came before. Rows and columns are the terminal's own, 24 and 80 where it does not tell.
 */
export function liveBlock(steps: readonly string[], { rows = 24, columns = 80 }: { rows?: number; columns?: number }) {
  const room = Math.max(1, rows - ROWS_ABOVE);
  const shown = steps.length <= room ? steps : [...steps.slice(0, room - 1), `and ${steps.length - room + 1} more`];
  return shown.map((line) => cut(line, columns - SPINNER - 1));
}

function cut(line: string, width: number): string {
  const letters = [...line];
  return letters.length <= width ? line : `${letters.slice(0, Math.max(0, width - 1)).join('')}…`;
}
