import type { Rule } from './stop-rule.ts';

/** How a task ended, or that it does not come up, where nothing says why: by its last state, stop code and exit code. */
export const END_RULES: readonly Rule[] = [
  {
    words: /: RUNNING, \w+, waited for/,
    cause: 'the worker runs, but does not say that it polls',
    fix: 'The log lines say what keeps it from polling, or why it does not touch its health file; mend that and deploy again.',
  },
  {
    words: /: (PROVISIONING|PENDING|ACTIVATING), \w+, waited for/,
    cause: 'the task is placed, but does not start',
    fix: 'A large image takes its time to be pulled: run init again to wait on. When it stays like this, see AWS Health for Fargate in this region.',
  },
  {
    words: /failed container health checks/i,
    cause: 'the worker started but did not poll',
    fix: 'The log lines say what kept it from polling; mend that and deploy again.',
  },
  {
    words: /SpotInterruption|Spot Task was interrupted/i,
    cause: 'AWS took its Spot capacity back',
    fix: 'ECS starts another task by itself; --on-demand-base 1 keeps one that AWS does not take back.',
  },
  {
    words: /exit code 137/i,
    cause: 'the container was killed, by too little memory or because it did not stop in time',
    fix: 'Give it more with --memory, or more time to stop with --stop-timeout.',
  },
  {
    words:
      /InfrastructureHealth|TerminationNotice|underlying (infrastructure|host)|Timeout waiting for network interface/i,
    cause: 'Fargate itself failed under the task',
    fix: 'ECS starts another one by itself; run init again to see it through.',
  },
  {
    words: /exit code 139\b/,
    cause: 'native code of the worker crashed',
    fix: 'Native packages have to be those of a Debian image (glibc) of the architecture of the task. Mend that and deploy again.',
  },
  {
    words: /exit code 126\b/,
    cause: "the image's program may not be executed, or is for another architecture",
    fix: "Make the file executable, and check the image's architecture (--architecture arm64 or x86_64).",
  },
  {
    words: /exit code 127\b/,
    cause: "the image has no such program as the container's command names",
    fix: 'Check ENTRYPOINT and CMD of the image, and what its start script calls: each program has to be on its PATH.',
  },
  {
    words: /exit code 134\b/,
    cause: 'the worker gave up by itself (abort), as Node does when its heap is full',
    fix: 'If the log lines name no other reason, give it more with --memory.',
  },
  {
    words: /exit code 143\b/,
    cause: 'the worker was ended by a stop signal before it could drain',
    fix: 'An image of your own has to handle SIGTERM: finish what runs, then exit with 0.',
  },
  {
    words: /exit code 0\b/,
    cause: 'the worker ended by itself, without an error',
    fix: 'A worker runs until it is stopped: its main program has to wait for it. Mend that and deploy again.',
  },
  {
    words: /exit code \d+/i,
    cause: 'the container ended by itself',
    fix: 'The log lines say why; mend that and deploy again.',
  },
];
