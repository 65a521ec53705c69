import { EXAMPLES } from '../../src/help.ts';
import { partsOf, textOf } from './pages.ts';

/** Generated from the examples of the help, which stand for its blocks here. */
export const COMMANDS_PAGE = 'docs/commands.md';

/** The command lines of a code block, in order. */
export type Block = readonly string[];

/** With what a command line of ours, or of this repository, begins. */
const COMMAND = /^(?:\$ )?(?:npx |temporal-fargate |node dist\/bin\.js |npm |\(cd )/;

/** The blocks of a page that a reader types into a shell. Other blocks are files, or what a program says. */
export function typedBlocks(page: string): readonly Block[] {
  if (page === COMMANDS_PAGE) return examplesOf(Object.keys(EXAMPLES));
  return partsOf(textOf(page)).blocks.flatMap((block) => {
    const lines = block
      .replace(/\\\n\s*/g, '')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !/^(?:```|#)/.test(line));
    if (!lines.some((line) => COMMAND.test(line))) return [];
    // Where there is a prompt, the rest is what the program says.
    const prompted = lines.filter((line) => line.startsWith('$ '));
    return [prompted.length > 0 ? prompted.map((line) => line.slice(2)) : lines];
  });
}

/** What the help of these commands shows, a block each. */
export function examplesOf(commands: readonly string[]): readonly Block[] {
  return commands.map((name) => (EXAMPLES[name] ?? []).map(([text]) => `temporal-fargate ${text}`));
}

/** The block of a page that begins with this line, as the file that the page says it is. */
export function fileOnPage(page: string, firstLine: string): string {
  const found = partsOf(textOf(page)).blocks.map((block) => block.replace(/^```.*\n|\n```$/g, ''));
  const file = found.find((block) => block.startsWith(firstLine));
  if (file === undefined) throw new Error(`${page} has no block that begins with ${firstLine}`);
  return `${file}\n`;
}
