import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorsOf, PAGES, partsOf, ROOT, textOf } from './pages.ts';

/** Targets of the links of a page that lead into this repository. */
const linksOf = (path: string): string[] =>
  [...partsOf(textOf(path)).prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) =>
    /^[a-z]+:/.test(target) ? [] : [target],
  );

function brokenLinks(path: string): string[] {
  return linksOf(path).filter((target) => {
    const [file = '', anchor] = target.split('#');
    const found = file === '' ? path : normalize(join(dirname(path), file));
    if (!existsSync(join(ROOT, found))) return true;
    return anchor !== undefined && !anchorsOf(textOf(found)).includes(anchor);
  });
}

describe('the pages for people', () => {
  it.each(PAGES)('%s: every link leads to a file, and to a heading that is there', (path) => {
    expect(brokenLinks(path)).toEqual([]);
  });

  it('are all to be found from the index of docs', () => {
    const named = linksOf('docs/README.md').map((target) => normalize(join('docs', target)));
    const pages = PAGES.filter((path) => path.startsWith('docs/') && path !== 'docs/README.md');
    expect(pages.filter((path) => !named.includes(path))).toEqual([]);
  });

  it('begin with a README of at most 250 lines', () => {
    expect(textOf('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(250);
  });
});
