import { UserError } from '../errors.ts';
import { fail, ok, type Verdict } from './check.ts';

/** @param usable names of the zones that Fargate has */
export function judgeZones(zones: readonly string[], usable: readonly string[]): Verdict {
  const wrong = zones.filter((zone) => !usable.includes(zone));
  if (wrong.length === 0) return ok(`Fargate has ${zones.join(', ')}`);
  return fail(
    new UserError({
      code: 'ZONE_UNUSABLE',
      message: `Fargate does not have ${wrong.join(', ')}, or this account does not see it`,
      fix: `Choose --zones from ${usable.join(', ')}.`,
    }),
  );
}
