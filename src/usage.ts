import { type Command, type CommanderError, type Option as Flag, InvalidArgumentError } from 'commander';
import { closest } from './config/closest.ts';
import type { Option } from './config/option.ts';
import { flagOf, OPTIONS, plainFlagOf } from './config/options.ts';

/** What to do about a command line that cannot be read. */
export const USAGE_FIX = 'Add --help to see what there is.';

/** Has a command, and those in it, say in our words what is wrong with a command line. */
export function explainUsage(command: Command): void {
  command
    .showSuggestionAfterError(false)
    .showHelpAfterError(`  ${USAGE_FIX}`)
    .configureOutput({ outputError: (text, write) => write(`✖ ${usageText(text, command)}\n`) })
    .exitOverride((error: CommanderError) => {
      error.message = usageText(error.message, command);
      throw error;
    });
  refuseTwice(command);
  for (const inner of command.commands) explainUsage(inner);
}

/** Commander's message with what was probably meant, but without the value of an unknown option: it may be a secret. */
function usageText(message: string, command: Command): string {
  const text = message
    .replace(/^error: /, '')
    .replace(/(unknown option '--?[\w-]+)=.*/s, "$1'")
    .trim();
  if (text === '(outputHelp)') return 'the command is not complete';
  const hint = hintFor(text, command);
  return hint === undefined ? text : `${text}\n(${hint})`;
}

function hintFor(text: string, command: Command): string | undefined {
  const [, what, word = ''] = /^unknown (option|command) '([^']*)'/.exec(text) ?? [];
  if (what === 'command') return didYouMean(closestCommand(word, command));
  if (what !== 'option') return undefined;
  const secret = OPTIONS.find((option) => option.secret && word === plainFlagOf(option.key));
  if (secret)
    return `Command lines are read by everybody on the machine: give ${flagOf(secret.key)} or ${secret.env[0]}.`;
  const meant = closest(word, longFlags(command));
  if (meant !== undefined) return didYouMean(meant);
  const others = everyCommand(rootOf(command)).filter((other) => longFlags(other).includes(word));
  return others.length > 0 ? `It belongs to ${others.map(nameOf).join(', ')}.` : undefined;
}

const didYouMean = (meant: string | undefined): string | undefined => meant && `Did you mean ${meant}?`;

/** One of this level, or one of another that has this very name: "start" is "sandbox start". */
function closestCommand(word: string, command: Command): string | undefined {
  const elsewhere = everyCommand(rootOf(command)).find((other) => other.name() === word);
  const meant = closest(
    word,
    visible(command).map((inner) => inner.name()),
  );
  return meant ?? (elsewhere && nameOf(elsewhere));
}

const visible = (command: Command): Command[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .filter((inner) => inner.name() !== 'help');

const everyCommand = (root: Command): Command[] => visible(root).flatMap((one) => [one, ...everyCommand(one)]);

const rootOf = (command: Command): Command => (command.parent ? rootOf(command.parent) : command);

/** "state list" */
const nameOf = (command: Command): string =>
  command.parent?.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();

const longFlags = (command: Command): string[] => command.options.flatMap(({ long }) => long ?? []);

/** Commander would silently take the last of two values, and an empty one, which only answers that may be left out can be. */
function refuseTwice(command: Command): void {
  for (const flag of command.options.filter(({ required }) => required)) {
    const { parseArg } = flag;
    flag.argParser((text: string, previous: unknown) => {
      if (previous !== undefined && optionOf(flag)?.type !== 'pairs')
        throw new InvalidArgumentError('It is given twice.');
      if (text.trim() === '' && !mayBeEmpty(flag)) throw new InvalidArgumentError('It is empty.');
      return parseArg ? parseArg(text, previous) : text;
    });
  }
}

const mayBeEmpty = (flag: Flag): boolean => optionOf(flag)?.default === '';

const optionOf = (flag: Flag): Option | undefined => OPTIONS.find(({ key }) => flag.long === flagOf(key));
