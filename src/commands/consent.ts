import { UserError, usageError } from '../errors.ts';
import { type CommandInput, mustAsk } from './input.ts';

/**
 * Gets a yes, from the person or by --yes. Throws NO_TERMINAL (exit code 64) or DECLINED, and CONFIRM when --confirm was
 * given all the same and names another stack than this one.
 *
 * @param what completes "Add --yes to …"
 */
export async function needYes(input: CommandInput, stack: string, what: string, question: string): Promise<void> {
  const { io, flags, signal } = input;
  isConfirmed(input, stack);
  if (flags.yes) return;
  mustAsk(input, `Add --yes to ${what}.`);
  if (!(await io.confirm(question, { suggestion: false }, signal))) throw declined();
}

/**
 * For what cannot be undone: gets the stack's name, typed by the person or given by --confirm. Silence never means yes.
 *
 * @param what completes "Type the name of the stack to …"
 * @param grave what makes it so, one sentence without its full stop each
 */
export async function needName(
  input: CommandInput,
  stack: string,
  what: string,
  grave: readonly string[],
): Promise<void> {
  const { io, flags, signal } = input;
  for (const line of grave) io.warn(line);
  if (isConfirmed(input, stack) && flags.yes) return;
  if (flags.yes) throw usageError(`stack ${stack}: ${grave.join('; ')}`, `Add --confirm ${stack}.`, 'NEEDS_CONFIRM');
  mustAsk(input, `Add --yes --confirm ${stack}.`);
  const typed = await io.ask({ message: `Type the name of the stack to ${what} (${stack})` }, signal);
  if (typed !== stack) throw declined();
}

/** Whether --confirm was given. Throws CONFIRM when it names another stack. */
function isConfirmed({ flags }: CommandInput, stack: string): boolean {
  const { confirm } = flags.own;
  if (confirm === undefined || confirm === stack) return confirm === stack;
  throw usageError(`--confirm names ${confirm}, but the stack is ${stack}`, `Give --confirm ${stack}.`, 'CONFIRM');
}

const declined = (): UserError =>
  new UserError({
    code: 'DECLINED',
    message: 'Nothing was changed.',
    fix: 'Run the command again when you are ready.',
  });
