import { describe, expect, it } from 'vitest';
import { entryOf } from '../../src/image/manifest.ts';

describe('the file that Node runs', () => {
  it.each([
    [{ main: 'dist/main.js' }, 'dist/main.js'],
    [{ main: './dist/../lib/main.cjs' }, 'lib/main.cjs'],
    [{}, 'index.js'],
    [{ main: '' }, 'index.js'],
    [{ exports: './dist/main.mjs' }, 'dist/main.mjs'],
    [{ exports: { '.': './a.js', './other': './b.js' } }, 'a.js'],
    [{ exports: { '.': { types: './a.d.ts', browser: './web.js', import: './a.mjs', require: './a.cjs' } } }, 'a.mjs'],
    [{ exports: { require: './a.cjs', import: './a.mjs' } }, 'a.cjs'],
    [{ exports: { node: { default: './node.js' }, default: './a.js' } }, 'node.js'],
    [{ exports: { '.': [{ browser: './web.js' }, './a.js'] } }, 'a.js'],
    [{ exports: { './other': './b.js' } }, 'index.js'],
    [{ main: 'main.js', exports: './exported.js' }, 'main.js'],
  ])('of %j is %s', (manifest, entry) => {
    expect(entryOf(manifest)).toBe(entry);
  });
});
