import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = new URL('../../', import.meta.url).pathname;

/** What people are sent to read, by the path from the root. */
export const PAGES: readonly string[] = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'],
  ...readdirSync(join(ROOT, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
];

export const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** A page in two parts: what is prose, and its code blocks, fenced or indented. */
export function partsOf(text: string): { readonly prose: string; readonly blocks: readonly string[] } {
  const prose: string[] = [];
  const blocks: string[][] = [];
  let fenced = false;
  let inBlock = false;
  for (const line of text.split('\n')) {
    const isFence = /^\s*```/.test(line);
    if (isFence) fenced = !fenced;
    const isCode = isFence || fenced || line.startsWith('    ');
    if (!isCode) prose.push(line);
    else if (inBlock) blocks.at(-1)?.push(line);
    else blocks.push([line]);
    inBlock = isCode;
  }
  return { prose: prose.join('\n'), blocks: blocks.map((lines) => lines.join('\n')) };
}

/** The anchors of the headings of a page, as GitHub makes them. */
export function anchorsOf(text: string): readonly string[] {
  const seen = new Map<string, number>();
  return [...partsOf(text).prose.matchAll(/^#+ +(.+?) *$/gm)].map(([, heading = '']) => {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
}
