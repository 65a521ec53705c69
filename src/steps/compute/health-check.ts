import type { HealthCheck } from '@aws-sdk/client-ecs';

/**
 * Healthy means polling: the worker touches this file every 2 s from the moment its first poll has started, and goes on
 * while it drains and while the server is away. In the shell, because a second Node for each probe would cost 40 MB.
 */
const COMMAND =
  // A missing file counts as one from 1970; left empty, it would be a syntax error (exit 2, which Docker reserves).
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the braces are the shell's
  'test $(( $(date +%s) - $(stat -c %Y "${TMPDIR:-/tmp}/worker-alive" 2>/dev/null || echo 0) )) -lt 30 || exit 1';

/** Health check of the worker's container: 90 seconds without a sign of life and ECS starts another task. */
export const HEALTH_CHECK = {
  command: ['CMD-SHELL', COMMAND],
  interval: 30,
  timeout: 5,
  retries: 3,
  // A worker that waits for its server has this long, and the retries, before ECS starts another.
  startPeriod: 60,
} satisfies HealthCheck;
