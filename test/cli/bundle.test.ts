import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { BIN } from '../helpers/cli.ts';

it('the built program holds what it calls of AWS and zod, and not all there is', () => {
  const chunks = join(dirname(BIN), 'chunks');
  const text = readdirSync(chunks)
    .map((name) => readFileSync(join(chunks, name), 'utf8'))
    .join('\n');
  const operations = ['CreateNatGateway', 'RunInstances'].filter((name) => text.includes(`"${name}"`));
  expect(operations).toEqual(['CreateNatGateway']);
  // An import of `{ z }` would bring zod's messages in fifty languages; `* as z` brings what is used.
  const languages = new Set([...text.matchAll(/zod\/v4\/locales\/(\w+)\.js/g)].map(([, language]) => language));
  expect([...languages]).toEqual(['en']);
});
