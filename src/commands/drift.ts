import type { StateDocument } from '../../state/document.ts';
import { explainAwsError } from '../aws/explain.ts';
import type { StackConfig } from '../config/schema.ts';
import { asError } from '../errors.ts';
import type { Connection } from './connect.ts';
import { planStack } from './stack-run.ts';

/** Whether the account still is what the answers say. */
export interface Drift {
  /** Things that a plan would touch; `null` when it could not be found out. */
  readonly differences: number | null;
  /** Why not, or what stops the plan from being applied. */
  readonly problem: string | null;
}

/** What `plan` would find without an image being built and without other answers; changes nothing, never throws. */
export async function driftOf(connection: Connection, config: StackConfig, document: StateDocument): Promise<Drift> {
  try {
    const { plan } = await planStack(connection, config, document, {}, connection.aws());
    const touched = plan.items.filter(({ action, duplicates }) => action !== 'none' || duplicates.length > 0);
    return { differences: touched.length, problem: plan.problems[0]?.message ?? null };
  } catch (error) {
    // The rest of the status is worth seeing all the same.
    const { message } = asError(explainAwsError(error));
    return { differences: null, problem: message };
  }
}
