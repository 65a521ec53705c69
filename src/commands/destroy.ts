import { newDocument } from '../../state/document.ts';
import { MemorySession } from '../../state/memory-store.ts';
import type { S3Session } from '../../state/s3-session.ts';
import type { S3Store } from '../../state/s3-store.ts';
import type { Session } from '../../state/store.ts';
import type { Aws } from '../aws/aws.ts';
import type { StackConfig } from '../config/schema.ts';
import { type Destroyed, destroy as destroyAll } from '../engine/destroy.ts';
import { TAG } from '../engine/ownership.ts';
import type { DestroyOptions, Live } from '../engine/step.ts';
import { EXIT, UserError } from '../errors.ts';
import type { AwsStep } from '../steps/define.ts';
import { answerWhere } from './answering.ts';
import { type Connection, connect } from './connect.ts';
import { needName, needYes } from './consent.ts';
import type { CommandInput } from './input.ts';
import { refuseWhileShared } from './network-guests.ts';
import { callSummary, engineContext } from './stack-run.ts';
import { storedConfig } from './stored-config.ts';
import { recordedStack, taggedStack } from './strays.ts';

/** `destroy`: takes everything down, from the state or from tags alone, and proves that nothing is left. */
export async function destroy(input: CommandInput): Promise<number> {
  const connection = await connect(input, await answerWhere(input));
  try {
    const store = await connection.findStore();
    await refuseWhileShared(store, connection.stack);
    const document = await store?.read();
    const recorded = (document?.configs ?? []).flatMap((stored) => storedConfig(stored) ?? []);
    const fromTags = recorded.length === 0;
    const claim = { stack: connection.stack, stackId: document?.stackId };
    const { configs, steps, strays } = fromTags
      ? await taggedStack(connection)
      : await recordedStack(connection, claim, recorded);
    const aws = connection.aws();
    const options = optionsOf(input);
    const present = fromTags ? await presentByTag(aws, steps, connection.stack) : undefined;
    if (strays.length > 0) {
      const titles = strays.map(({ title }) => title).join(', ');
      input.io.warn(
        `The state does not know of what carries the tags of this stack: ${titles}. It is deleted as well.`,
      );
    }
    await accept(input, connection.stack, fromTags, Object.keys(document?.steps ?? {}).length, present);
    input.signal.throwIfAborted();

    const session = await open(connection, store, present?.[0]?.tags[TAG.stackId]);
    connection.guard = () => session.assertHeld();
    let destroyed: Destroyed;
    try {
      // Once more: from here on nobody can start to use it.
      await refuseWhileShared(store, connection.stack);
      const config = configs.at(-1) as StackConfig;
      const owner = { stack: connection.stack, stackId: session.document.stackId };
      destroyed = await destroyAll(engineContext(input, connection, config, session, owner, aws), steps, options);
      // Without a config the document is of no use to anybody: it was only made to be under a lock.
      if ((options.purge || fromTags) && isClean(destroyed)) await session.deleteDocument?.();
    } finally {
      await session.close?.();
    }
    if (options.purge && isClean(destroyed)) await store?.purge();
    if (input.flags.own.deleteStateBucket === true) await store?.deleteBucket();
    return report(input, connection, destroyed);
  } finally {
    connection.close();
  }
}

type DestroySession = Session & Partial<Pick<S3Session, 'deleteDocument' | 'close'>>;

/** Under the lock where there is a state bucket; without one there is nobody to lock out, and nothing to record in. */
async function open(
  connection: Connection,
  store: S3Store | undefined,
  stackId: string | undefined,
): Promise<DestroySession> {
  const { stack, accountId, region } = connection;
  if (!store) return new MemorySession(newDocument({ stack, stackId: stackId ?? '', accountId, region }));
  const session = await store.open('destroy');
  if (session.isNew && stackId !== undefined) {
    await session.update((draft) => {
      draft.stackId = stackId;
    });
  }
  return session;
}

function optionsOf({ flags }: CommandInput): DestroyOptions {
  return { purge: flags.own.purge === true, deleteData: flags.own.deleteData === true };
}

/** What cannot be undone needs more than a yes. */
async function accept(
  input: CommandInput,
  stack: string,
  fromTags: boolean,
  recorded: number,
  present: readonly Live[] | undefined,
): Promise<void> {
  const { flags, io } = input;
  const { purge, deleteData, deleteStateBucket } = flags.own;
  const grave = [
    ...(fromTags && present && present.length > 0 ? ['there is no state, so everything is found by its tags'] : []),
    ...(deleteData === true ? ['--delete-data deletes everything that the workers have written'] : []),
    ...(purge === true ? ['--purge leaves no recovery window and removes the state'] : []),
    ...(deleteStateBucket === true ? ["--delete-state-bucket removes the account's state bucket"] : []),
  ];
  if (fromTags) io.warn(`Stack ${stack} has no state here; looking by tag: ${present?.length ?? 0} things found.`);
  else
    io.note(
      `Stack ${stack}: to be deleted is all that is on record, ${recorded} ${recorded === 1 ? 'thing' : 'things'}.`,
    );
  if (grave.length > 0) await needName(input, stack, 'destroy it', grave);
  else await needYes(input, stack, 'destroy without being asked', `Destroy stack ${stack}?`);
}

/** What carries this stack's name in its tags. Throws when that are things of more than one stack. */
async function presentByTag(aws: Aws, steps: readonly AwsStep[], stack: string): Promise<Live[]> {
  const found = await Promise.all(steps.map((step) => step.findOwned(aws, { stack, stepId: step.id })));
  const ours = (found.flat() as Live[]).filter((live) => live.tags[TAG.managed] === 'true');
  const ids = new Set(ours.map((live) => live.tags[TAG.stackId]));
  if (ids.size <= 1) return ours;
  throw new UserError({
    code: 'SEVERAL_STACKS',
    message: `things of ${ids.size} different stacks named ${stack} exist (${[...ids].join(', ')}): ${ours.map((live) => live.id).join(', ')}`,
    fix: 'Delete those of one stack by hand; tags temporal-fargate:stack-id tell them apart.',
  });
}

const isClean = ({ left, kept }: Destroyed): boolean => left.length + kept.length === 0;

function report(input: CommandInput, connection: Connection, { kept, left }: Destroyed): number {
  const { io } = input;
  io.note(callSummary(connection));
  const lines = [
    ...kept.map(
      ({ step, live, reason }) =>
        `Kept: ${step.title} ${live.id} (${reason}; ${step.remains ? '--purge' : '--delete-data'} deletes it for good)`,
    ),
    ...left.map(({ step, live }) => `Left: ${step.title} ${live.id}`),
    'Stays in the account at no cost: service-linked roles of ECS and auto scaling.',
    `${left.length} left`,
  ];
  io.result(lines.join('\n'), {
    stack: connection.stack,
    left: left.map(({ step, live }) => ({ step: step.id, resource: live.id })),
    kept: kept.map(({ step, live, reason }) => ({ step: step.id, resource: live.id, reason })),
    calls: connection.counts,
  });
  return left.length === 0 ? EXIT.done : EXIT.failed;
}
