/** A page of Markdown that is made from the sources. */
export interface Page {
  /** From the root of the repository: "docs/answers.md". */
  readonly path: string;
  readonly text: string;
}

export const code = (text: string): string => `\`${text}\``;

/** A table; what cells hold is Markdown, but for `<` and `|`, which stand for themselves. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(heads), `|${'---|'.repeat(heads.length)}`, ...rows.map(line)].join('\n');
}

/** Inside of `code` a "<" is one already, and a "|" ends the cell all the same. */
function cell(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replace(/<(?!br>)/g, '&lt;')))
    .join('')
    .replaceAll('|', '\\|');
}
