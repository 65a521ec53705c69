import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { newHolder } from '../../state/lock-holder.ts';
import { ANSWERS_NAMES, type AnswersName } from './answers.ts';
import { CHANGES, DELETIONS, type Deed, disowned, doByHand, TAGGED } from './by-hand.ts';
import { codesOf, DESTROY, LOCK_KEY, STATE_KEY, told, type World } from './world.ts';

/** Something that happens to a stack. */
export interface Event {
  /** How a person does it: command lines, one a line. */
  readonly text: string;
  /** Throws when the program does what it must not. */
  happen(world: World): Promise<void>;
}

const KEPT = ['destroy', '--yes', '--confirm', 'dev'];

const init = (answers: AnswersName): Event => ({
  text: `temporal-fargate init --yes --allow-replace --config ${answers}.json`,
  happen: async (world) => {
    await world.init(answers);
  },
});

const killed = (args: (world: World) => readonly string[], name: string, call: number, before: boolean): Event => ({
  text: `${name} # killed ${before ? 'before' : 'after'} its changing call ${call}`,
  happen: async (world) => {
    const result = await world.typeKilled(args(world), call, before);
    // With fewer calls than that it comes to its end.
    if (result.code !== 'SIGKILL' && result.code !== 0 && !world.isExcused(codesOf(result))) {
      throw new Error(`it was to be killed, and ends with ${told(result)}`);
    }
  },
});

const destroyed: Event = {
  text: `temporal-fargate ${KEPT.join(' ')}`,
  happen: async (world) => {
    const result = await world.type(KEPT);
    if (result.code !== 0) throw new Error(`it ends with ${told(result)}`);
  },
};

const purged: Event = {
  text: `temporal-fargate ${DESTROY.join(' ')}`,
  happen: (world) => world.destroy(),
};

const byHand = (deed: Deed): Event => ({
  text: deed.text,
  happen: (world) => doByHand(world.emulator, deed),
});

/** A thing that is not known as ours any more stops `init` before it changes anything, until it is. */
const notOurs = (stepId: string, answers: AnswersName): Event => {
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

const stateDeleted: Event = {
  text: `aws s3api delete-object --key ${STATE_KEY}`,
  happen: async (world) => {
    await gone(world, () => world.s3.send(new DeleteObjectCommand({ Bucket: world.bucket, Key: STATE_KEY })));
  },
};

const bucketDeleted: Event = {
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
}

/** A state that cannot be read stops `init`, which leaves it alone, until somebody brings back one that can. */
const stateTruncated = (answers: AnswersName, mend: 'restore' | 'discard'): Event => {
  const command = ['state', mend, '--yes', ...(mend === 'discard' ? ['--confirm', 'dev'] : [])];
  return {
    text: [
      `aws s3api put-object --key ${STATE_KEY} (the first half of what it was)`,
      init(answers).text,
      `temporal-fargate ${command.join(' ')}`,
    ].join('\n'),
    happen: async (world) => {
      const where = { Bucket: world.bucket, Key: STATE_KEY };
      const text = await world.s3
        .send(new GetObjectCommand(where))
        .then(({ Body }) => Body?.transformToString())
        .catch(() => undefined);
      if (text === undefined) return;
      await world.s3.send(new PutObjectCommand({ ...where, Body: text.slice(0, text.length / 2) }));
      const before = new Set(world.excused);
      world.excused.add('STATE_DAMAGED');
      if ((await world.init(answers)) === 'made') throw new Error('it reads a damaged state');
      world.excused.delete('STATE_DAMAGED');
      const result = await world.type(command);
      if (result.code !== 0) throw new Error(`state ${mend} ends with ${told(result)}`);
      for (const excuse of before) world.excused.add(excuse);
      if (mend === 'discard') world.excused.add('UNLISTED_WORKERS');
    },
  };
};

/** The lock of a machine that is out of reach stops `init` at once, until somebody breaks it. */
const lockLeft = (answers: AnswersName): Event => ({
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

/** Codes of whoever comes second, for which the exit code 75 stands: try again. */
const SECOND = ['LOCK_HELD', 'LOCK_CONTENDED', 'PLAN_STALE', 'STATE_CHANGED', 'STATE_BUCKET_BUSY'];

const both = (first: Typed, second: Typed): Event => ({
  text: `${first.text} & ${second.text}`,
  happen: async (world) => {
    const results = await world.typeBoth(first.args(world), second.args(world));
    if (!results.some((result) => result.code === 0 || world.isExcused(codesOf(result))))
      throw new Error(`neither works: ${results.map(told).join('\n')}`);
    for (const result of results) {
      const codes = codesOf(result);
      const isSecond = result.code === 75 && codes.every((code) => SECOND.includes(code));
      if (result.code !== 0 && !isSecond && !world.isExcused(codes))
        throw new Error(`one of the two ends with ${told(result)}`);
    }
  },
});

interface Typed {
  readonly text: string;
  readonly args: (world: World) => readonly string[];
}

const typedInit = (answers: AnswersName): Typed => ({
  text: init(answers).text,
  args: (world) => world.initOf(answers),
});
const typedDestroy: Typed = { text: `temporal-fargate ${KEPT.join(' ')}`, args: () => KEPT };

/** More than any command makes of them, so that some come to their end. */
const MOST_CALLS = 130;

export const anyAnswers = fc.constantFrom(...ANSWERS_NAMES);
const call = fc.integer({ min: 1, max: MOST_CALLS });
const early = fc.integer({ min: 1, max: 60 });

/** What may happen, the likelier the oftener it does. */
export const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  { weight: 4, arbitrary: anyAnswers.map(init) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(anyAnswers, call, fc.boolean())
      .map(([name, n, before]) => killed((world) => world.initOf(name), init(name).text, n, before)),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(early, fc.boolean())
      .map(([n, before]) => killed(() => DESTROY, `temporal-fargate ${DESTROY.join(' ')}`, n, before)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(early, fc.boolean())
      .map(([n, before]) => killed(() => KEPT, `temporal-fargate ${KEPT.join(' ')}`, n, before)),
  },
  { weight: 1, arbitrary: fc.constantFrom(destroyed, purged) },
  { weight: 4, arbitrary: fc.constantFrom(...DELETIONS).map(byHand) },
  { weight: 3, arbitrary: fc.constantFrom(...CHANGES).map(byHand) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...TAGGED), anyAnswers).map(([step, name]) => notOurs(step, name)) },
  { weight: 2, arbitrary: fc.constantFrom(stateDeleted, bucketDeleted) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(anyAnswers, fc.constantFrom('restore', 'discard'))
      .map(([name, mend]) => stateTruncated(name, mend as 'restore' | 'discard')),
  },
  { weight: 1, arbitrary: anyAnswers.map(lockLeft) },
  { weight: 1, arbitrary: fc.tuple(anyAnswers, anyAnswers).map(([a, b]) => both(typedInit(a), typedInit(b))) },
  { weight: 1, arbitrary: anyAnswers.map((a) => both(typedInit(a), typedDestroy)) },
);
