import { readFileSync, writeFileSync } from 'node:fs';
import { configFileText } from '../config/config-file.ts';
import { repeatOf, shellWord } from '../config/repeat.ts';
import { sharedRegion, type Where } from './answering.ts';
import type { Configured } from './configuring.ts';
import type { CommandInput } from './input.ts';

/** In the folder where the program was started. */
const CONFIG_FILE = 'temporal-fargate.json';

/** Tells a person how to do the same without questions, and offers to keep the answers in a file. */
export async function tellHowToRepeat(input: CommandInput, where: Where, configured: Configured): Promise<void> {
  const { io, flags, cliVersion: version } = input;
  if (flags.yes || !io.canAsk) return;
  const answers = { ...configured.answers, ...where };
  const defaults = {
    ...configured.defaults,
    stack: 'dev',
    profile: '',
    ...(flags.sandbox && { region: where.region }),
  };
  const own = [
    ...(flags.sandbox ? ['--sandbox'] : []),
    ...(flags.own.verify ? [`--verify ${flags.own.verify}`] : []),
    // No flag lists workers.
    ...(configured.listsWorkers && flags.config !== undefined ? [`--config ${shellWord(flags.config)}`] : []),
  ];
  const { command, variables } = repeatOf({ version, answers, defaults, paths: configured.paths, flags: own });
  const needs = variables.length > 0 ? `, with ${variables.join(' and ')} set` : '';
  io.note(`To do the same without questions${needs}:\n  ${command.replaceAll('\n', '\n  ')}`);
  if (flags.config === undefined)
    await offerFile(
      input,
      configFileText({ answers, ...(configured.listsWorkers && { workers: configured.workers }) }),
    );
}

async function offerFile({ io, signal }: CommandInput, text: string): Promise<void> {
  const before = contentOf(CONFIG_FILE);
  if (before === text) return;
  const question =
    before === undefined
      ? `Write the answers to ${CONFIG_FILE}, for --config? It holds no secret.`
      : `${CONFIG_FILE} holds other answers. Replace them?`;
  if (!(await io.confirm(question, { suggestion: before === undefined }, signal))) return;
  try {
    writeFileSync(CONFIG_FILE, text, { flag: before === undefined ? 'wx' : 'w' });
    io.note(`Written. Next time: temporal-fargate init --config ${CONFIG_FILE}`);
  } catch (error) {
    // The stack is up all the same.
    io.warn(`${CONFIG_FILE} was not written: ${(error as Error).message}`);
  }
}

/** `undefined` when there is no such file. */
function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : '';
  }
}

/** The flags by which a next command finds the stack again. */
export async function flagsToFind(
  { flags, env }: CommandInput,
  { stack, region, profile }: Where,
): Promise<readonly string[]> {
  if (flags.sandbox) return ['--sandbox', '--stack', stack];
  const isUsual =
    region === (env.AWS_REGION?.trim() || env.AWS_DEFAULT_REGION?.trim() || (await sharedRegion(profile)));
  return [
    ...['--stack', stack],
    ...(profile === '' || profile === env.AWS_PROFILE ? [] : ['--profile', profile]),
    ...(isUsual ? [] : ['--region', region]),
  ];
}
