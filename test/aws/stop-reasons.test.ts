import { describe, expect, it } from 'vitest';
import { exitCodeText } from '../../src/aws/exit-codes.ts';
import { diagnose } from '../../src/aws/stop-reasons.ts';

const ended = (code: number) => [
  'Task 1 stopped: EssentialContainerExited: Essential container in task exited',
  `  container worker: exit code ${exitCodeText(code)}`,
];

describe('the cause of a failure', () => {
  it.each<[what: string, lines: string[], cause: string, fix: string]>([
    [
      'the bundled worker names it, with its fix',
      [
        '{"level":"ERROR","message":"Temporal cannot be used: the server does not accept the credentials; ECS starts a new task","fix":"Check the key.","attempt":6}',
      ],
      'the worker cannot use Temporal: the server does not accept the credentials',
      'Check the key. Then run init again.',
    ],
    [
      'Temporal cannot be reached',
      ['{"level":"WARN","message":"Temporal cannot be reached: nothing listens there","fix":"Check host and port."}'],
      'the worker cannot use Temporal: nothing listens there',
      'Check host and port. Then run init again.',
    ],
    [
      "another SDK's words for a refused key",
      ['RuntimeError: Failed client connect: Server connection error: Status { code: Unauthenticated, message: "x" }'],
      "Temporal does not accept the worker's credentials (any more)",
      'TEMPORAL_API_KEY',
    ],
    [
      "another SDK's words for an unknown namespace",
      ['temporalio.service.RPCError: Namespace nowhere.a1b2c is not found.'],
      'Temporal has no such namespace',
      'TEMPORAL_NAMESPACE',
    ],
    [
      "another SDK's words for TLS on one side only",
      ['transport error: received corrupt message of type InvalidContentType'],
      'the worker and the Temporal server do not agree on TLS',
      'TEMPORAL_TLS',
    ],
    [
      'variables that lack or are wrong',
      ['{"level":"ERROR","message":"the worker\'s environment is not usable: TEMPORAL_NAMESPACE is not set"}'],
      "the worker's environment is not usable: TEMPORAL_NAMESPACE is not set",
      'Correct these variables',
    ],
    [
      'a Python module that is not there',
      ["ModuleNotFoundError: No module named 'temporalio'"],
      'the worker crashed when it started: the Python module temporalio is not in the image',
      'Install it in the image',
    ],
    [
      'an error that nobody caught',
      [
        '{"level":"ERROR","message":"the worker crashed","origin":"uncaughtException","error":{"name":"TypeError","message":"x is no \\"function\\"","stack":"..."}}',
      ],
      'the worker crashed: TypeError: x is no "function"',
      'Mend that and deploy again',
    ],
    [
      'a registry that is not reached',
      ['CannotPullContainerError: failed to resolve ref docker.io/library/a:1: dial tcp 1.2.3.4:443: i/o timeout'],
      'the task does not reach the registry of its image',
      'NAT gateway',
    ],
  ])('is found where %s', (_what, lines, cause, fix) => {
    expect(diagnose([...ended(1), ...lines])).toEqual({ cause, fix: expect.stringContaining(fix) });
  });

  it.each([
    ['Task 1: RUNNING, UNKNOWN, waited for', 'the worker runs, but does not say that it polls'],
    ['Task 1: PENDING, UNKNOWN, waited for', 'the task is placed, but does not start'],
  ])('of a task that does not come up (%s) is told', (line, cause) => {
    expect(diagnose([line])?.cause).toBe(cause);
  });

  it('is not taken from the digest of an image', () => {
    const reference = `123456789012.dkr.ecr.us-east-1.amazonaws.com/a@sha256:403${'0'.repeat(61)}`;
    expect(diagnose([`CannotPullContainerError: failed to resolve ref ${reference}: not found`])?.cause).toBe(
      'the image is not in its repository',
    );
  });

  it('is unknown where nobody has described it', () => {
    expect(diagnose(['(service worker) has reached a steady state.'])).toBeUndefined();
  });
});

describe('an exit code', () => {
  it.each([
    [7, '7'],
    [137, '137 (SIGKILL: out of memory, or still there at the end of the stop timeout)'],
    [129, '129 (signal 1)'],
    [255, '255'],
  ])('%i is told as %s', (code, text) => {
    expect(exitCodeText(code)).toBe(text);
  });
});
