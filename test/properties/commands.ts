import type { AnswersName } from './answers.ts';
import { codesOf, DESTROY, told, type World } from './world.ts';

/** Something that happens to a stack. */
export interface Event {
  /** How a person does it: command lines, one a line. */
  readonly text: string;
  /** Throws when the program does what it must not. */
  happen(world: World): Promise<void>;
}

/** A command line, as it is told and as it is typed. */
export interface Typed {
  readonly text: string;
  readonly args: (world: World) => readonly string[];
}

export const typedInit = (answers: AnswersName): Typed => ({
  text: `temporal-fargate init --yes --allow-replace --config ${answers}.json`,
  args: (world) => world.initOf(answers),
});

const destroying = (args: readonly string[]): Typed => ({
  text: `temporal-fargate ${args.join(' ')}`,
  args: () => args,
});
/** Leaves what can be brought back: the secret for a week, and the state. */
export const typedDestroy = destroying(['destroy', '--yes', '--confirm', 'dev']);
export const typedPurge = destroying(DESTROY);

export const init = (answers: AnswersName): Event => ({
  text: typedInit(answers).text,
  happen: async (world) => {
    await world.init(answers);
  },
});

export const killed = ({ text, args }: Typed, call: number, before: boolean): Event => ({
  text: `${text} # killed ${before ? 'before' : 'after'} its changing call ${call}`,
  happen: async (world) => {
    const result = await world.typeKilled(args(world), call, before);
    // With fewer calls than that it comes to its end.
    if (result.code !== 'SIGKILL' && result.code !== 0 && !world.isExcused(codesOf(result))) {
      throw new Error(`it was to be killed, and ends with ${told(result)}`);
    }
  },
});

export const destroyed: Event = {
  text: typedDestroy.text,
  happen: async (world) => {
    const result = await world.type(typedDestroy.args(world));
    if (result.code !== 0) throw new Error(`it ends with ${told(result)}`);
  },
};

export const purged: Event = {
  text: typedPurge.text,
  happen: (world) => world.destroy(),
};

/** Codes of whoever comes second, for which the exit code 75 stands: try again. */
const SECOND = ['LOCK_HELD', 'LOCK_CONTENDED', 'PLAN_STALE', 'STATE_CHANGED', 'STATE_BUCKET_BUSY'];

export const both = (first: Typed, second: Typed): Event => ({
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
