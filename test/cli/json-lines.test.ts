import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const scenarios = new URL('scenarios/', import.meta.url);
const page = readFileSync(new URL('../../docs/json.md', import.meta.url), 'utf8');

type Line = { readonly type: string; readonly event?: string } & Record<string, unknown>;

/** Every line of every recorded scenario. */
const lines = readdirSync(scenarios)
  .filter((name) => name.endsWith('.json.txt'))
  .flatMap((name) => readFileSync(new URL(name, scenarios), 'utf8').trimEnd().split('\n').slice(0, -1))
  .map((line) => JSON.parse(line) as Line);

/** Names in the second column of the row that begins with `name`. */
function documented(section: string, name: string): string[] {
  const text = page.slice(page.indexOf(`## ${section}`)).split('\n## ')[0] ?? '';
  const [, fields = ''] = new RegExp(`^\\| \`${name}\` \\| ([^|]*) \\|`, 'm').exec(text) ?? [];
  return [...fields.matchAll(/`(\w+)`/g)].map(([, field = '']) => field);
}

describe('the page about output for programs', () => {
  it('names every type of line, every event and every field that the scenarios have', () => {
    expect(lines.length).toBeGreaterThan(100);
    for (const { type, event, ...fields } of lines) {
      const known = [...documented('Lines', type), ...(event ? documented('Events of a step', event) : [])];
      expect([type, event, known]).toEqual([type, event, expect.arrayContaining(Object.keys(fields))]);
    }
  });

  it('is right that the last line of a scenario is its result or its error', () => {
    const last = readdirSync(scenarios)
      .filter((name) => name.endsWith('.json.txt'))
      .map(
        (name) => JSON.parse(readFileSync(new URL(name, scenarios), 'utf8').trimEnd().split('\n').at(-2) ?? '').type,
      );
    expect(new Set(last)).toEqual(new Set(['result', 'error']));
  });
});
