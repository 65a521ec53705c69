import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UserError } from '../../src/errors.ts';
import { newDocument, parseDocument, SCHEMA_VERSION, type StateDocument } from '../../state/document.ts';
import type { DeploymentRecord } from '../../state/history.ts';

const expected = { where: 's3://bucket/dev/state.json', stack: 'dev', accountId: '123456789012', region: 'us-east-1' };
const { where: _where, ...identity } = expected;
const document = (changes: object = {}): object => ({ ...newDocument({ ...identity, stackId: 'id-1' }), ...changes });

function refused(text: string | undefined): UserError {
  try {
    parseDocument(text, expected);
  } catch (error) {
    return error as UserError;
  }
  throw new Error('it was read');
}

describe('a document', () => {
  const changed = (changes: object): string => JSON.stringify(document(changes));
  const record = (changes: object): string =>
    changed({ steps: { vpc: { token: 't', generation: 1, startedAt: '', ...changes } } });

  it.each<[string, string | undefined, string, RegExp]>([
    ['is not UTF-8', undefined, 'STATE_DAMAGED', /it is not UTF-8/],
    ['is empty', '', 'STATE_DAMAGED', /it is empty/],
    ['is cut off', changed({}).slice(0, 100), 'STATE_DAMAGED', /it is not JSON/],
    ['is a list', '[]', 'STATE_DAMAGED', /it is not an object/],
    ['is null', 'null', 'STATE_DAMAGED', /it is not an object/],
    ['is of another program', '{"version":4,"serial":2}', 'STATE_DAMAGED', /no schemaVersion.*another program/],
    ['has schemaVersion 0', changed({ schemaVersion: 0 }), 'STATE_DAMAGED', /no schemaVersion/],
    ['has schemaVersion "1"', changed({ schemaVersion: '1' }), 'STATE_DAMAGED', /no schemaVersion/],
    ['lacks a field', changed({ steps: undefined }), 'STATE_DAMAGED', /steps/],
    ['has an unknown field', changed({ extra: 1 }), 'STATE_DAMAGED', /extra/],
    ['has a field of the wrong type', changed({ serial: 'seven' }), 'STATE_DAMAGED', /serial/],
    ['has a record whose id is a number', record({ id: 7 }), 'STATE_DAMAGED', /id/],
    ['has a record whose id is empty', record({ id: '' }), 'STATE_DAMAGED', /id/],
    ['has a record without its token', record({ token: undefined }), 'STATE_DAMAGED', /token/],
    ['has a config of another stack', changed({ configs: [{ stack: 'prod' }] }), 'STATE_DAMAGED', /for stack prod/],
    ['is newer', changed({ schemaVersion: 99, cliVersion: '9.1.0' }), 'STATE_NEWER', /fargate 9\.1\.0.*schema 99/],
    ['belongs to another stack', changed({ stack: 'prod' }), 'STATE_FOREIGN', /stack prod, expected dev/],
    ['belongs to another account', changed({ accountId: '210987654321' }), 'STATE_FOREIGN', /accountId 2109/],
    ['belongs to another region', changed({ region: 'eu-west-1' }), 'STATE_FOREIGN', /region eu-west-1/],
  ])('is refused when it %s', (_name, text, code, message) => {
    const error = refused(text);
    expect(error).toMatchObject({ code, exitCode: 1, message: expect.stringContaining(expected.where) });
    expect(error.message).toMatch(message);
    expect(error.fix).toMatch(/^Nothing was overwritten/);
  });

  it('of a newer version names that version in the command that reads it, if it can be one', () => {
    const fixOf = (cliVersion: unknown): string => refused(changed({ schemaVersion: 99, cliVersion })).fix;
    expect(fixOf('2.0.0-rc.1')).toContain('npx temporal-fargate@2.0.0-rc.1.');
    for (const nonsense of ['1; rm -rf ~', '', 7, undefined]) expect(fixOf(nonsense)).toContain('@latest.');
  });
});

describe('the schema', () => {
  const anyText = fc.string({ unit: 'binary' });
  const someText = fc.string({ unit: 'binary', minLength: 1 });
  const record = fc.record(
    {
      id: someText,
      token: someText,
      generation: fc.integer({ min: 1 }),
      startedAt: anyText,
      deletion: fc.record({ id: anyText, at: anyText }),
    },
    { requiredKeys: ['token', 'generation', 'startedAt'] },
  );
  const deployment: fc.Arbitrary<DeploymentRecord> = fc.record(
    {
      worker: anyText,
      taskDefinition: anyText,
      image: anyText,
      command: anyText,
      by: anyText,
      startedAt: anyText,
      endedAt: anyText,
      outcome: fc.constantFrom('underway', 'completed', 'rolled-back'),
    },
    { requiredKeys: ['worker', 'command', 'by', 'startedAt', 'outcome'] },
  );
  // JSON has no -0, and a key named __proto__ is no property of an object literal.
  const key = anyText.filter((text) => text !== '__proto__');
  const json = fc.jsonValue({ noUnicodeString: false }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
  const anyDocument: fc.Arbitrary<StateDocument> = fc.record({
    schemaVersion: fc.constant(SCHEMA_VERSION),
    stack: fc.constant(expected.stack),
    stackId: anyText,
    accountId: fc.constant(expected.accountId),
    region: fc.constant(expected.region),
    epoch: fc.nat(),
    serial: fc.nat(),
    writer: anyText,
    writtenAt: anyText,
    operation: anyText,
    cliVersion: anyText,
    configs: fc.array(
      fc.dictionary(
        key.filter((name) => !['stack', 'accountId', 'region'].includes(name)),
        json,
      ),
    ),
    steps: fc.dictionary(key, record),
    proven: fc.array(anyText),
    history: fc.array(deployment),
  });

  it('gives back every document that is written as JSON', () => {
    fc.assert(
      fc.property(anyDocument, (document) => {
        const text = JSON.stringify(document);
        expect(parseDocument(text, expected)).toEqual(JSON.parse(text));
        expect(JSON.stringify(parseDocument(JSON.stringify(document, null, 2), expected))).toBe(
          JSON.stringify(parseDocument(text, expected)),
        );
      }),
    );
  });

  it('refuses every field that it does not know, in the document and in a record', () => {
    const known = [...Object.keys(document()), 'id', 'token', 'generation', 'startedAt', 'deletion'];
    const unknown = key.filter((name) => !known.includes(name));
    fc.assert(
      fc.property(anyDocument, record, unknown, json, (document, intent, name, value) => {
        for (const damaged of [
          { ...document, [name]: value },
          { ...document, steps: { ...document.steps, vpc: { ...intent, [name]: value } } },
        ]) {
          expect(() => parseDocument(JSON.stringify(damaged), expected)).toThrow('the document is damaged');
        }
      }),
    );
  });

  it('never throws anything but a UserError with a fix, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          fc.json(),
          fc.json().map((text) => `{"schemaVersion":1,"steps":${text}}`),
        ),
        (text) => {
          expect(() => parseDocument(text, expected)).toThrow(expect.objectContaining({ fix: expect.any(String) }));
        },
      ),
    );
  });
});
