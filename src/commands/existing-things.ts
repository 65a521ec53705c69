import type { StackConfig } from '../config/schema.ts';
import type { Connection } from './connect.ts';
import { withExistingSecret } from './existing-secret.ts';
import type { CommandInput } from './input.ts';
import { withWorkerNeeds } from './worker-needs.ts';

/**
 * The config with what AWS knows today of other people's things that it names: which value of a secret is current, so that
 * a rotated one makes a new revision. Throws `UserError` BAD_SECRET and BAD_POLICY when tasks could not start with them.
 */
export async function withExistingThings(
  input: Pick<CommandInput, 'io'>,
  connection: Pick<Connection, 'clients'>,
  config: StackConfig,
): Promise<StackConfig> {
  return withWorkerNeeds(input, connection, await withExistingSecret(input, connection, config));
}
