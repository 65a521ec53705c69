import type { StateDocument } from '../../state/document.ts';
import type { S3Store } from '../../state/s3-store.ts';
import type { StackConfig } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import { answerWhere, storedConfig } from './answering.ts';
import { type Connection, connect } from './connect.ts';
import type { CommandInput } from './input.ts';

export interface ExistingStack {
  readonly connection: Connection;
  readonly store: S3Store;
  readonly document: StateDocument;
  readonly config: StackConfig;
}

/** Runs `work` on a stack that has been made; closes the connection. Throws `UserError` NO_STACK. */
export async function withExistingStack<T>(
  input: CommandInput,
  work: (stack: ExistingStack) => Promise<T>,
): Promise<T> {
  const connection = await connect(input, await answerWhere(input));
  try {
    const store = await connection.findStore();
    const document = await store?.read();
    const config = storedConfig(document?.configs.at(-1));
    if (!store || !document || !config || Object.keys(document.steps).length === 0) {
      const stacks = (await store?.stacks())?.filter((name) => name !== connection.stack) ?? [];
      throw new UserError({
        code: 'NO_STACK',
        message: `there is no stack ${connection.stack} in account ${connection.accountId}, region ${connection.region}`,
        fix:
          stacks.length > 0
            ? `Name one that exists with --stack: ${stacks.join(', ')}.`
            : 'Create it: temporal-fargate init',
      });
    }
    return await work({ connection, store, document, config });
  } finally {
    connection.close();
  }
}
