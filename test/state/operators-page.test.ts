import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { buildProgram } from '../../src/cli.ts';
import { STATE_PROBLEMS } from '../../state/errors.ts';

const page = readFileSync(new URL('../../docs/state.md', import.meta.url), 'utf8');

it('docs/state.md says of every error what the program says of it, and of no other', () => {
  const documented = page.split('\n').filter((line) => /^\| `[A-Z_]+` \|/.test(line));
  const known = Object.entries(STATE_PROBLEMS).map(
    // Unescaped, Markdown would take the placeholders for HTML.
    ([code, { fix, exitCode }]) => `| \`${code}\` | ${fix.replaceAll('<', '\\<')} | ${exitCode} |`,
  );
  expect(documented).toEqual(known);
});

it('docs/state.md names every command about the state', () => {
  const state = buildProgram('1.0.0', async () => undefined).commands.find((command) => command.name() === 'state');
  const named = page.split('\n').flatMap((line) => /^\| `state (\w+)` \|/.exec(line)?.[1] ?? []);
  expect(named.sort()).toEqual(state?.commands.map((command) => command.name()).sort());
});
