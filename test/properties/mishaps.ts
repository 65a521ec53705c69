import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { newHolder } from '../../state/lock-holder.ts';
import type { AnswersName } from './answers.ts';
import { type Deed, disowned, doByHand } from './by-hand.ts';
import { type Event, init } from './commands.ts';
import { STATE_KEY, storedState } from './stored-state.ts';
import { codesOf, LOCK_KEY, told, type World } from './world.ts';

export const byHand = (deed: Deed): Event => ({
  text: deed.text,
  happen: (world) => doByHand(world.emulator, deed),
});

/** A thing that is not known as ours any more stops `init` before it changes anything, until it is. */
export const notOurs = (stepId: string, answers: AnswersName): Event => {
  const { on, off } = disowned(stepId);
  return {
    text: [off.text, init(answers).text, on.text].join('\n'),
    happen: async (world) => {
      await doByHand(world.emulator, off);
      world.excused.add('NOT_OWNED');
      await world.init(answers);
      world.excused.delete('NOT_OWNED');
      await doByHand(world.emulator, on);
    },
  };
};

export const stateDeleted: Event = {
  text: `aws s3api delete-object --key ${STATE_KEY}`,
  happen: async (world) => {
    await gone(world, () => world.s3.send(new DeleteObjectCommand({ Bucket: world.bucket, Key: STATE_KEY })));
  },
};

export const bucketDeleted: Event = {
  text: 'aws s3 rb --force (the state bucket, with all versions)',
  happen: async (world) => {
    const Bucket = world.bucket;
    await gone(world, async () => {
      const { Versions = [], DeleteMarkers = [] } = await world.s3.send(new ListObjectVersionsCommand({ Bucket }));
      const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
      if (Objects.length > 0) await world.s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      await world.s3.send(new DeleteBucketCommand({ Bucket }));
    });
  },
};

/** Without its state nobody knows what else the stack had than what the answers say now. */
async function gone(world: World, lose: () => Promise<unknown>): Promise<void> {
  await lose().catch((error: Error) => {
    if (error.name !== 'NoSuchBucket') throw error;
  });
  world.excused.add('UNLISTED_WORKERS');
  world.tagsForgotten = true;
}

/** A state that cannot be read stops `init`, which leaves it alone, until somebody brings back one that can. */
export const stateTruncated = (answers: AnswersName, mend: 'restore' | 'discard'): Event => {
  const command = ['state', mend, '--yes', ...(mend === 'discard' ? ['--confirm', 'dev'] : [])];
  return {
    text: [
      `aws s3api put-object --key ${STATE_KEY} (the first half of what it was)`,
      init(answers).text,
      `temporal-fargate ${command.join(' ')}`,
    ].join('\n'),
    happen: async (world) => {
      const where = { Bucket: world.bucket, Key: STATE_KEY };
      const text = await storedState(world.s3, world.bucket);
      if (text === '') return;
      await world.s3.send(new PutObjectCommand({ ...where, Body: text.slice(0, text.length / 2) }));
      const before = new Set(world.excused);
      world.excused.add('STATE_DAMAGED');
      if ((await world.init(answers)) === 'made') throw new Error('it reads a damaged state');
      world.excused.delete('STATE_DAMAGED');
      const result = await world.type(command);
      if (result.code !== 0) throw new Error(`state ${mend} ends with ${told(result)}`);
      for (const excuse of before) world.excused.add(excuse);
      if (mend === 'discard') {
        world.excused.add('UNLISTED_WORKERS');
        world.tagsForgotten = true;
      }
    },
  };
};

/** Somebody brings back an earlier state, and the stack is not as it says. */
export const stateRestored = (back: number): Event => ({
  text: `temporal-fargate state restore --yes --version-id ID # one of the list of state versions: ${back} before the newest`,
  happen: async (world) => {
    const Bucket = world.bucket;
    const listed = await world.s3
      .send(new ListObjectVersionsCommand({ Bucket, Prefix: STATE_KEY }))
      .catch(() => ({ Versions: [] }));
    const versionId = listed.Versions?.at(back)?.VersionId;
    if (versionId === undefined) return;
    const result = await world.type(['state', 'restore', '--yes', '--version-id', versionId]);
    world.tagsForgotten = true;
    // One that cannot be read is refused, and stays what it was.
    if (result.code !== 0 && codesOf(result)[0] !== 'STATE_DAMAGED')
      throw new Error(`state restore ends with ${told(result)}`);
  },
});

/** The lock of a machine that is out of reach stops `init` at once, until somebody breaks it. */
export const lockLeft = (answers: AnswersName): Event => ({
  text: [
    `aws s3api put-object --key ${LOCK_KEY} (of a run on another machine)`,
    init(answers).text,
    'temporal-fargate unlock --yes',
  ].join('\n'),
  happen: async (world) => {
    const holder = { ...newHolder({ command: 'init', cliVersion: 'test' }), host: 'elsewhere' };
    const lock = { Bucket: world.bucket, Key: LOCK_KEY, Body: JSON.stringify(holder) };
    const put = await world.s3.send(new PutObjectCommand(lock)).catch(() => undefined);
    if (!put) return;
    world.excused.add('LOCK_HELD');
    if ((await world.init(answers)) === 'made') throw new Error('it takes no notice of the lock');
    world.excused.delete('LOCK_HELD');
    const result = await world.type(['unlock', '--yes']);
    if (result.code !== 0) throw new Error(`unlock ends with ${told(result)}`);
  },
});
