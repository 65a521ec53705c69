import { EXIT, UserError, usageError } from '../errors.ts';
import { answerWhere } from './answering.ts';
import { type Connection, connect } from './connect.ts';
import type { CommandInput } from './input.ts';

/** `state versions`: the stored versions of the stack's state document, newest first. */
export async function stateVersions(input: CommandInput): Promise<number> {
  return withStore(input, async (connection, store) => {
    const versions = await store.versions();
    const lines = versions.map(
      ({ versionId, writtenAt, isCurrent }) =>
        `${versionId}  ${writtenAt?.toISOString() ?? ''}${isCurrent ? '  current' : ''}`,
    );
    input.io.result(lines.join('\n') || `Stack ${connection.stack} has no state.`, { versions });
    return EXIT.done;
  });
}

/** `state restore --version-id ID`: makes an earlier version the current one, after a yes. */
export async function stateRestore(input: CommandInput): Promise<number> {
  const { io, flags, signal } = input;
  const versionId = flags.own.versionId;
  if (typeof versionId !== 'string')
    throw usageError('--version-id is missing', 'temporal-fargate state versions lists them.');
  return withStore(input, async (connection, store) => {
    const held = await store.holder();
    if (held && !held.expired && !held.dead) {
      throw new UserError({
        code: 'LOCK_HELD',
        message: `stack ${connection.stack} is locked: ${held.holder.user}@${held.holder.host} runs "${held.holder.command}"`,
        fix: 'Wait until it is done.',
        exitCode: EXIT.tryAgain,
      });
    }
    if (!flags.yes && !(io.canAsk && (await io.confirm(`Make version ${versionId} the current state?`, signal)))) {
      throw new UserError({ code: 'DECLINED', message: 'Nothing was changed.', fix: 'Add --yes, or answer with yes.' });
    }
    const document = await store.restore(versionId);
    io.result(`Restored: ${Object.keys(document.steps).length} things on record.`, { restored: versionId });
    return EXIT.done;
  });
}

type Store = NonNullable<Awaited<ReturnType<Connection['findStore']>>>;

async function withStore(
  input: CommandInput,
  work: (connection: Connection, store: Store) => Promise<number>,
): Promise<number> {
  const connection = await connect(input, await answerWhere(input));
  try {
    const store = await connection.findStore();
    if (store) return await work(connection, store);
    throw new UserError({
      code: 'NO_STATE',
      message: `account ${connection.accountId} has no state bucket in ${connection.region}`,
      fix: 'Check --region and --profile.',
    });
  } finally {
    connection.close();
  }
}
