import { stateBucket } from '../../state/bucket.ts';
import type { StateDocument } from '../../state/document.ts';
import { stateError } from '../../state/errors.ts';
import type { S3Store } from '../../state/s3-store.ts';
import { EXIT, usageError } from '../errors.ts';
import { formatDocument, formatStacks, formatVersions, type ListedStack } from '../ui/format-state.ts';
import { answerWhere } from './answering.ts';
import { type Connection, connect } from './connect.ts';
import { needName, needYes } from './consent.ts';
import type { CommandInput } from './input.ts';
import { type StoredStack, storedStacks } from './stored-stacks.ts';

/** `state list`: every stack of this account and region, readable or not, and who is at work on it. */
export async function stateList(input: CommandInput): Promise<number> {
  return withStore(input, async (connection, store) => {
    const [stored, loose] = await Promise.all([storedStacks(store), connection.looseStateSettings()]);
    const stacks = stored.map(listed);
    if (loose.length > 0) {
      input.io.warn(`The state bucket was changed by somebody (${loose.join(', ')}); init puts that back.`);
    }
    input.io.result(formatStacks(stacks), { stacks });
    return EXIT.done;
  });
}

/** `state create`: makes and hardens the state bucket, so that those who work in it need not be allowed to. */
export async function stateCreate(input: CommandInput): Promise<number> {
  const connection = await connect(input, await answerWhere(input));
  try {
    await connection.makeStore();
    const bucket = stateBucket(connection).Bucket;
    input.io.result(`State bucket ${bucket} is there, and as it should be.`, { bucket });
    return EXIT.done;
  } finally {
    connection.close();
  }
}

/** `state show`: the state document, or an earlier version of it, for people; with `--json` as it is. */
export async function stateShow(input: CommandInput): Promise<number> {
  return withStore(input, async ({ stack }, store) => {
    const versionId = versionIdOf(input);
    const document = versionId === undefined ? await store.read() : await store.file.loadVersion(versionId);
    if (document) input.io.result(formatDocument(document), { document });
    else input.io.result(`Stack ${stack} has no state.`, { document: null });
    return EXIT.done;
  });
}

/** `state versions`: the stored versions of the stack's state document, newest first. */
export async function stateVersions(input: CommandInput): Promise<number> {
  return withStore(input, async ({ stack }, store) => {
    const versions = await store.versions();
    input.io.result(formatVersions(versions) || `Stack ${stack} has no state.`, { versions });
    return EXIT.done;
  });
}

/**
 * `state restore`: makes an earlier version the current one, after a yes. Without `--version-id` the newest that can be
 * read, and only where the current one cannot: nobody goes back by accident.
 */
export async function stateRestore(input: CommandInput): Promise<number> {
  return withStore(input, async (connection, store) => {
    const { stack } = connection;
    await refuseLocked(store, stack);
    const { versionId, document } = await chosenVersion(store, stack, versionIdOf(input));
    const { serial, operation, writtenAt, steps } = document;
    const what = `version ${versionId} (serial ${serial}, ${operation} at ${writtenAt})`;
    await needYes(input, stack, 'restore it', `Make ${what} the current state of stack ${stack}?`);
    // Its settings first: without versioning the current document would be lost.
    const restored = await (await connection.makeStore()).restore(versionId);
    const things = Object.keys(steps).length;
    input.io.result(`Restored ${what} as serial ${restored.serial}: ${things} things on record.`, {
      restored: versionId,
      serial: restored.serial,
    });
    return EXIT.done;
  });
}

/** `state discard`: sets the document aside as an earlier version, so that the stack is found by its tags. */
export async function stateDiscard(input: CommandInput): Promise<number> {
  return withStore(input, async (connection, store) => {
    const { stack } = connection;
    await refuseLocked(store, stack);
    await needName(input, stack, 'set its state aside', [
      'without its state the stack is found by its tags, and its answers are asked again',
    ]);
    const done = await (await connection.makeStore()).discard();
    const text = done
      ? `The state of stack ${stack} is set aside; temporal-fargate state restore brings it back.`
      : `Stack ${stack} has no state.`;
    input.io.result(text, { discarded: done });
    return EXIT.done;
  });
}

function listed({ stack, document, problem, lock: seen }: StoredStack): ListedStack {
  const lock = seen && { ...seen.holder, ageSeconds: Math.round(seen.ageSeconds), free: seen.expired || seen.dead };
  if (problem) return { stack, problem: { code: problem.code, message: problem.message }, lock };
  if (!document) return { stack, lock };
  const { serial, operation, writtenAt, cliVersion, steps } = document;
  return { stack, state: { serial, operation, writtenAt, cliVersion, things: Object.keys(steps).length }, lock };
}

/** Before the question: nobody is asked for a yes that cannot be followed. The lock itself decides later. */
async function refuseLocked(store: S3Store, stack: string): Promise<void> {
  const seen = await store.holder();
  if (!seen || seen.expired || seen.dead) return;
  const { holder } = seen;
  const message = `stack ${stack} is locked: ${holder.user}@${holder.host} runs "${holder.command}"`;
  throw stateError('LOCK_HELD', message, { stack, seconds: holder.leaseSeconds });
}

async function chosenVersion(
  store: S3Store,
  stack: string,
  versionId: string | undefined,
): Promise<{ versionId: string; document: StateDocument }> {
  if (versionId !== undefined) return { versionId, document: await store.file.loadVersion(versionId) };
  const newest = await store.file.newestReadable();
  if (newest === undefined) {
    throw stateError('NO_READABLE_VERSION', `the state of stack ${stack} has no version that can be read`, { stack });
  }
  if (newest.version.isCurrent) {
    throw usageError(
      `the state of stack ${stack} is not damaged, so --version-id has to say where to go back to`,
      `List what there is with temporal-fargate state versions --stack ${stack}.`,
    );
  }
  return { versionId: newest.version.versionId, document: newest.document };
}

const versionIdOf = ({ flags }: CommandInput): string | undefined => {
  const { versionId } = flags.own;
  return typeof versionId === 'string' ? versionId : undefined;
};

async function withStore(
  input: CommandInput,
  work: (connection: Connection, store: S3Store) => Promise<number>,
): Promise<number> {
  const connection = await connect(input, await answerWhere(input));
  try {
    const store = await connection.findStore();
    if (store) return await work(connection, store);
    const message = `account ${connection.accountId} has no state bucket in ${connection.region}`;
    throw stateError('NO_STATE_BUCKET', message);
  } finally {
    connection.close();
  }
}
