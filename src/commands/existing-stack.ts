import type { StateDocument } from '../../state/document.ts';
import { stateError } from '../../state/errors.ts';
import type { S3Session } from '../../state/s3-session.ts';
import type { S3Store } from '../../state/s3-store.ts';
import type { StackConfig } from '../config/schema.ts';
import type { Owner } from '../engine/ownership.ts';
import { EXIT, UserError } from '../errors.ts';
import { answerWhere, type Where } from './answering.ts';
import { type Connection, connect } from './connect.ts';
import type { CommandInput } from './input.ts';
import { storedConfig } from './stored-config.ts';

export interface ExistingStack {
  /** What it was found by. */
  readonly where: Where;
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
  const where = await answerWhere(input);
  const connection = await connect(input, where);
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
    return await work({ where, connection, store, document, config });
  } finally {
    connection.close();
  }
}

export interface LockedStack extends ExistingStack {
  readonly session: S3Session;
  readonly owner: Owner;
}

/**
 * Runs `work` on a stack that has been made, under its lock, with what is stored now. Throws `UserError` NO_STACK,
 * LOCK_HELD, and PLAN_STALE when somebody has destroyed the stack a moment ago.
 *
 * @param command what lock and document say that we do: "deploy"
 */
export async function withLockedStack<T>(
  input: CommandInput,
  command: string,
  work: (stack: LockedStack) => Promise<T>,
): Promise<T> {
  return withExistingStack(input, async ({ where, connection, store }) => {
    const session = await store.open(command);
    try {
      connection.guard = () => session.assertHeld();
      const { document } = session;
      const config = storedConfig(document.configs.at(-1));
      if (!config || Object.keys(document.steps).length === 0) throw destroyedMeanwhile(connection.stack);
      const owner = { stack: connection.stack, stackId: document.stackId };
      return await work({ where, connection, store, document, config, session, owner });
    } finally {
      await session.close();
    }
  });
}

const destroyedMeanwhile = (stack: string): UserError =>
  new UserError({
    code: 'PLAN_STALE',
    message: `stack ${stack} was destroyed by somebody else at this very moment`,
    fix: 'Create it again: temporal-fargate init',
    exitCode: EXIT.tryAgain,
  });

/** Tells a document that somebody deleted, or set aside, from a stack that never was. */
async function refuseDeleted(store: S3Store, stack: string): Promise<void> {
  const [last] = await store.versions();
  if (last === undefined) return;
  const when = last.writtenAt?.toISOString() ?? 'an unknown time';
  throw stateError('STATE_DELETED', `the state of stack ${stack} is gone; its last version is of ${when}`, { stack });
}
