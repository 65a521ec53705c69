import type { StateDocument } from '../../state/document.ts';
import { stateError } from '../../state/errors.ts';
import type { S3Store } from '../../state/s3-store.ts';
import type { StackConfig } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import { answerWhere } from './answering.ts';
import { type Connection, connect } from './connect.ts';
import type { CommandInput } from './input.ts';
import { storedConfig } from './stored-config.ts';

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
    if (store && !document) await refuseDeleted(store, connection.stack);
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

/** Tells a document that somebody deleted, or set aside, from a stack that never was. */
async function refuseDeleted(store: S3Store, stack: string): Promise<void> {
  const [last] = await store.versions();
  if (last === undefined) return;
  const when = last.writtenAt?.toISOString() ?? 'an unknown time';
  throw stateError('STATE_DELETED', `the state of stack ${stack} is gone; its last version is of ${when}`, { stack });
}
