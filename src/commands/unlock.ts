import { describeHolder } from '../../state/lock.ts';
import { EXIT, UserError } from '../errors.ts';
import { answerWhere } from './answering.ts';
import { connect } from './connect.ts';
import { type CommandInput, mustAsk } from './input.ts';

/** `unlock`: shows who holds the lock and breaks it after a yes. The holder can write no more from then on. */
export async function unlock(input: CommandInput): Promise<number> {
  const { io, flags, signal } = input;
  const connection = await connect(input, await answerWhere(input));
  try {
    const store = await connection.findStore();
    const seen = await store?.holder();
    if (!store || !seen) {
      io.result(`Stack ${connection.stack} is not locked.`, { locked: false });
      return EXIT.done;
    }
    io.note(`Stack ${connection.stack} is locked: ${describeHolder(seen)}`);
    if (!flags.yes) {
      mustAsk(input, 'Add --yes to break this lock.');
      if (!(await io.confirm('Is that run certainly over? Break the lock?', signal))) {
        throw new UserError({
          code: 'DECLINED',
          message: 'The lock was not touched.',
          fix: 'An abandoned lock frees itself.',
        });
      }
    }
    await store.breakLock(seen);
    io.result(`The lock of stack ${connection.stack} is broken.`, { locked: false, broken: seen.holder });
    return EXIT.done;
  } finally {
    connection.close();
  }
}
