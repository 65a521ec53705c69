import { afterEach, describe, expect, it, vi } from 'vitest';

const KEY = 'planted-key-51d0';
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.resetModules();
});

/** The line that is written for this entry by a process with a key in its environment. */
async function lineFor(message: string, meta: object): Promise<Record<string, unknown>> {
  vi.stubEnv('TEMPORAL_API_KEY', KEY);
  const { writeLog } = await import('../../worker/log-line.ts');
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  writeLog('ERROR', message, meta, new Date(0));
  vi.restoreAllMocks();
  expect(written).toHaveLength(1);
  const [line = ''] = written;
  expect(line).toMatch(/^[^\n]+\n$/);
  expect(line).not.toContain(KEY);
  return JSON.parse(line) as Record<string, unknown>;
}

describe('a line of the log', () => {
  it('is one JSON object whose time, level and message nothing can overwrite', async () => {
    const meta = { time: 'never', level: 'LOUD', message: 'another', at: 7n };
    const time = '1970-01-01T00:00:00.000Z';
    expect(await lineFor('two\nlines', meta)).toEqual({ time, level: 'ERROR', message: 'two\nlines', at: '7' });
  });

  it('tells an error with its causes, without the key that their text holds', async () => {
    const cause = new TypeError(`invalid header value "Bearer ${KEY}"`);
    const { error } = await lineFor('it broke', { error: new Error(`key ${KEY} was refused`, { cause }) });
    expect(error).toMatchObject({
      name: 'Error',
      message: 'key ******** was refused',
      stack: expect.stringContaining('log-line.test.ts'),
      cause: { name: 'TypeError', message: 'invalid header value "Bearer ********"' },
    });
  });

  it('survives details that have no JSON', async () => {
    const circle: Record<string, unknown> = { name: KEY };
    circle.self = circle;
    expect(await lineFor(`about ${KEY}`, circle)).toMatchObject({
      message: 'about ********',
      unwritable: expect.stringContaining('circular'),
    });
  });
});
