import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfigFile } from '../../src/config/config-file.ts';
import { UserError } from '../../src/errors.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: string | Buffer): string {
  const path = join(folder, 'config.json');
  writeFileSync(path, content);
  return path;
}

function refused(path: string): UserError {
  try {
    readConfigFile(path);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('the file was not refused');
}

describe('a config file', () => {
  it('holds answers by their keys', () => {
    const answers = { stack: 'prod', cpu: 512, temporalTls: true };
    expect(readConfigFile(file(JSON.stringify(answers))).answers).toEqual(answers);
  });

  it('may begin with the mark that some editors write', () => {
    expect(readConfigFile(file('\uFEFF{"stack": "prod"}')).answers).toEqual({ stack: 'prod' });
  });

  it('may say where its schema is', () => {
    expect(readConfigFile(file('{"$schema": "./config.schema.json", "stack": "prod"}')).answers).toEqual({
      stack: 'prod',
    });
  });

  it.each([
    [
      'unknown keys',
      '{"stack": "a", "stak": "b", "xyz": 1}',
      'unknown key "stak" (did you mean "stack"?); unknown key "xyz"',
    ],
    ['a key in another spelling', '{"task_queue": "q"}', 'unknown key "task_queue" (did you mean "taskQueue"?)'],
    ['a key twice', '{"cpu": 256, "zones": "cpu", "c\\u0070u": 512}', '"cpu" is there twice'],
    [
      'a secret',
      '{"temporalApiKey": "planted-key"}',
      '"temporalApiKey" is a secret and may not be in a file that is kept',
    ],
    ['no JSON', 'TEMPORAL_API_KEY=planted-key', 'it is not JSON'],
    ['JSON that ends early', '{"stack": "planted-key"', 'it is not JSON'],
    ['a comment', '{"stack": "a" // planted-key\n}', 'it is not JSON'],
    ['a list', '["planted-key"]', 'it is not a JSON object'],
    ['a text', '"planted-key"', 'it is not a JSON object'],
    ['null', 'null', 'it is not a JSON object'],
    ['nothing', '', 'it is empty'],
    ['white space', ' \n', 'it is empty'],
  ])('with %s is refused without quoting it', (_what, content, says) => {
    const error = refused(file(content));
    expect([error.code, error.exitCode]).toEqual(['BAD_CONFIG_FILE', 64]);
    expect(error.message).toContain(says);
    expect(`${error.message} ${error.fix}`).not.toContain('planted-key');
  });

  it('with everything wrong at once is one message', () => {
    const { message } = refused(file('{"stak": 1, "cpu": 1, "cpu": 2, "temporalApiKey": "planted-key"}'));
    for (const says of ['"stak"', '"cpu" is there twice', '"temporalApiKey" is a secret'])
      expect(message).toContain(says);
  });

  it('with the same key in other places is taken', () => {
    expect(readConfigFile(file('{"stack": "{\\"stack\\": 1}", "zones": "stack"}')).answers).toHaveProperty('zones');
  });

  it.each([
    ['does not exist', () => join(folder, 'nothing.json'), 'ENOENT'],
    ['is a folder', () => folder, 'it is a folder'],
    ['is far too large', () => file(Buffer.alloc(1024 * 1024 + 1, 32)), 'it is larger than 1 MiB'],
  ])('that %s is refused', (_what, path, says) => {
    const error = refused(path());
    expect([error.code, error.exitCode]).toEqual(['BAD_CONFIG_FILE', 64]);
    expect(error.message).toContain(says);
  });

  it.skipIf(process.getuid?.() === 0)('that may not be read is refused', () => {
    const path = file('{}');
    chmodSync(path, 0);
    expect(refused(path).message).toContain('EACCES');
    chmodSync(path, 0o600);
  });
});
