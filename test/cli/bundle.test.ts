import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BIN } from '../helpers/cli.ts';

describe('the built program', () => {
  it('holds what the operations that it calls need, not those of all AWS, and no messages in languages it does not speak', () => {
    const chunks = join(dirname(BIN), 'chunks');
    const text = readdirSync(chunks)
      .map((name) => readFileSync(join(chunks, name), 'utf8'))
      .join('\n');
    expect(text).toContain('"CreateNatGateway"');
    expect(text).not.toContain('"RunInstances"');
    expect(text).toContain('zod/v4/locales/en.js');
    expect(text).not.toContain('zod/v4/locales/fr.js');
  });
});
