import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { configFileSchema } from '../../src/config/json-schema.ts';
import type { Answer, Option } from '../../src/config/option.ts';
import { OPTIONS } from '../../src/config/options.ts';
import { fromConfigFile } from '../../src/config/sources.ts';
import { wrong } from '../../src/config/wrong.ts';

const schema = configFileSchema() as Parameters<typeof z.fromJSONSchema>[0] & { properties: Record<string, object> };
const parser = z.fromJSONSchema(schema);
const bySchema = (file: Record<string, unknown>): boolean => parser.safeParse(file).success;

/** What the program says of an answer by itself; of texts that have a form, the schema knows only that they are texts. */
function byProgram(option: Option, answer: unknown): boolean {
  const { validate: _form, ...formless } = option;
  if (option.type === 'pairs' || option.type === 'json') {
    const isPath = option.type === 'json' && typeof answer === 'string';
    const { problem, answer: text } = isPath ? { answer } : fromConfigFile(option, answer);
    return problem === undefined && wrong(formless, text as Answer, {}) === undefined;
  }
  return wrong(option.type === 'text' || option.type === 'pem' ? formless : option, answer as Answer, {}) === undefined;
}

/** Anything JSON can hold, and more often what is at the edge of being right. */
function answers({ choices = [], range = [0, 0], values = [] }: Option): fc.Arbitrary<unknown> {
  const near = [...range, ...values].flatMap((value) => [value - 1, value, value + 1, value + 0.5]);
  return fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.dictionary(fc.stringMatching(/^[A-Z=]{0,2}$/), fc.oneof({ weight: 4, arbitrary: fc.string() }, fc.integer())),
    fc.integer({ min: -2, max: 1200 }),
    fc.constantFrom(...choices, ...near),
  );
}

describe('the JSON schema of the config file', () => {
  it.each(OPTIONS.filter(({ secret }) => !secret).map((option) => [option.key, option] as const))(
    'takes of %s what the program takes, and nothing else',
    (key, option) => {
      fc.assert(
        fc.property(answers(option), (answer) => {
          expect([answer, bySchema({ [key]: answer })]).toEqual([answer, byProgram(option, answer)]);
        }),
        { numRuns: 60 },
      );
    },
  );

  it('knows every answer but the secrets, and where it is itself', () => {
    const keys = OPTIONS.flatMap(({ key, secret }) => (secret ? [] : [key]));
    expect(Object.keys(schema.properties)).toEqual(['$schema', ...keys, 'workers']);
    expect(bySchema({ $schema: './config.schema.json', stack: 'prod' })).toBe(true);
    for (const { key } of OPTIONS.filter(({ secret }) => secret))
      expect(bySchema({ [key]: 'planted-key' })).toBe(false);
    expect(bySchema({ stak: 'prod' })).toBe(false);
  });

  it('takes workers with a name and the answers that may be their own', () => {
    const workers = (...list: unknown[]): boolean => bySchema({ workers: list });
    expect(workers({ name: 'orders', taskQueue: 'orders', cpu: 512 }, { name: 'billing' })).toBe(true);
    const wrong = [
      { cpu: 512 },
      { name: 'Orders' },
      { name: 'orders', cpu: 513 },
      { name: 'orders', network: 'public' },
    ];
    expect([...wrong.map((worker) => workers(worker)), workers()]).toEqual([false, false, false, false, false]);
  });
});
