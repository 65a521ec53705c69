import { describeHolder } from '../../state/lock.ts';
import { EXIT } from '../errors.ts';
import { answerWhere } from './answering.ts';
import { connect } from './connect.ts';
import { needYes } from './consent.ts';
import type { CommandInput } from './input.ts';

/** `unlock`: shows who holds the lock and breaks it after a yes. The holder can write no more from then on. */
export async function unlock(input: CommandInput): Promise<number> {
  const { io } = input;
  const connection = await connect(input, await answerWhere(input));
  try {
    const store = await connection.findStore();
    const seen = await store?.holder();
    if (!store || !seen) {
      io.result(`Stack ${connection.stack} is not locked.`, { locked: false });
      return EXIT.done;
    }
    io.note(`Stack ${connection.stack} is locked: ${describeHolder(seen)}`);
    await needYes(input, connection.stack, 'break this lock', 'Is that run certainly over? Break the lock?');
    await store.breakLock(seen);
    io.result(`The lock of stack ${connection.stack} is broken.`, { locked: false, broken: seen.holder });
    return EXIT.done;
  } finally {
    connection.close();
  }
}
