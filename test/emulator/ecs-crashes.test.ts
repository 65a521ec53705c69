import { describe, expect, it } from 'vitest';
import { useFailures } from './failure-stage.ts';

const { failure } = useFailures();

const shell = (script: string) => ['sh', '-c', script];

describe('a container that ends', () => {
  it.each<[how: string, command: string[], exit: string, cause: string | RegExp, fix: RegExp]>([
    [
      'at an import of a package that is not there',
      ['node', 'lacks-package.mjs'],
      '1 (ended with an error)',
      'the worker crashed when it started: package-of-nowhere is not in the image (imported from /app/lacks-package.mjs)',
      /dependencies of package\.json, not the devDependencies/,
    ],
    [
      'at a file that is not there',
      ['node', 'lacks-file.cjs'],
      '1 (ended with an error)',
      'the worker crashed when it started: ./not-built.cjs is not in the image',
      /a file has to be written by the build/,
    ],
    [
      'at a syntax error',
      ['node', 'broken.mjs'],
      '1 (ended with an error)',
      "the worker crashed when it started: SyntaxError: Unexpected token ';' (/app/broken.mjs:1)",
      /^Correct the code there/,
    ],
    [
      'because its heap is full',
      ['node', '--max-old-space-size=16', 'greedy.js'],
      '134 (SIGABRT: given up by the program itself, as Node does when its heap is full)',
      'the worker needs more memory than its task has',
      /--memory/,
    ],
    [
      'by SIGKILL',
      shell('kill -KILL $$'),
      '137 (SIGKILL: out of memory, or still there at the end of the stop timeout)',
      /^the container was killed/,
      /--memory.*--stop-timeout/,
    ],
    [
      'by a crash in native code',
      shell('kill -SEGV $$'),
      '139 (SIGSEGV: a crash in native code)',
      'native code of the worker crashed',
      /glibc/,
    ],
    [
      'by a stop signal that it does not handle',
      shell('kill -TERM $$'),
      '143 (SIGTERM: ended by the stop signal at once, without draining)',
      /before it could drain/,
      /handle SIGTERM/,
    ],
    [
      'at a program that may not be executed',
      shell('./idle.js'),
      '126 (a program that may not be executed, or is for another architecture)',
      /may not be executed/,
      /--architecture/,
    ],
    ['at a program that is not there', shell('no-such-program'), '127 (no such program)', /no such program/, /PATH/],
    [
      'without an error',
      shell('exit 0'),
      '0 (ended without an error)',
      /ended by itself, without an error/,
      /has to wait/,
    ],
  ])('%s is told with its exit code, the cause and the fix', async (_how, command, exit, cause, fix) => {
    const { lines, fix: told } = await failure({ command });
    expect(lines[0]).toMatch(
      typeof cause === 'string' ? `Cause: ${cause}.` : new RegExp(`^Cause: .*${cause.source.replace(/^\^/, '')}`),
    );
    expect(lines).toContain(`  container worker: exit code ${exit}`);
    expect(told).toMatch(fix);
  });
});
