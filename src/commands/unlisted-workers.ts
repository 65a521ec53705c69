import type { Aws } from '../aws/aws.ts';
import type { StackConfig } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import { workerNamesOf } from '../steps/worker-names.ts';

/**
 * Of a stack whose state was lost: workers that there are and that the config does not have. Nobody would take them
 * down, because only a state knows what was there before.
 */
export async function unlistedWorkers(survey: Aws, { stack, workers }: StackConfig): Promise<UserError[]> {
  const listed = new Set(workers.map(({ name }) => name));
  const found = workerNamesOf((await survey.indexOfStack()).values()).filter((name) => !listed.has(name));
  if (found.length === 0) return [];
  return [
    new UserError({
      code: 'UNLISTED_WORKERS',
      message: `stack ${stack} has no state, and has workers that the answers do not list: ${found.join(', ')}`,
      fix: 'List them in the "workers" of the config file, and leave them out again later; or run destroy first.',
    }),
  ];
}
