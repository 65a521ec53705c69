import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli.ts';

/** What a person reads who types this. */
async function refused(args: readonly string[]): Promise<string> {
  let said = '';
  const program = buildProgram('0', async () => undefined);
  for (const command of [program, ...program.commands, ...program.commands.flatMap((inner) => inner.commands)])
    command.configureOutput({ writeErr: (text) => (said += text) });
  await expect(program.parseAsync([...args], { from: 'user' })).rejects.toMatchObject({ name: 'CommanderError' });
  return said;
}

describe('a slip on the command line names what was probably meant', () => {
  it.each([
    ['a command', ['initt'], "unknown command 'initt'\n(Did you mean init?)"],
    ['a command of another level', ['start'], "unknown command 'start'\n(Did you mean sandbox start?)"],
    ['a command in a command', ['state', 'verzions'], "unknown command 'verzions'\n(Did you mean versions?)"],
    ['a flag', ['init', '--stac', 'x'], "unknown option '--stac'\n(Did you mean --stack?)"],
    ['a flag with its value', ['init', '--stac=x'], "unknown option '--stac'\n(Did you mean --stack?)"],
    [
      'a flag in another spelling',
      ['init', '--taskQueue', 'q'],
      "unknown option '--taskQueue'\n(Did you mean --task-queue?)",
    ],
    ['a flag of one command', ['trigger', '--cuont', '2'], "unknown option '--cuont'\n(Did you mean --count?)"],
    [
      'a flag of other commands',
      ['status', '--cpu', '1'],
      "unknown option '--cpu'\n(It belongs to init, plan, doctor, cost.)",
    ],
    ['a flag of a command in a command', ['sandbox', 'start', '--dely', '2'], "'--dely'\n(Did you mean --delay?)"],
  ])('%s', async (_what, args, says) => {
    const said = await refused(args);
    expect(said).toContain(says);
    expect(said).toMatch(/^✖ unknown .*\n\(.*\)\n {2}Add --help to see what there is\.\n$/);
  });

  it.each([
    [['frobnicate'], "✖ unknown command 'frobnicate'\n  Add --help to see what there is.\n"],
    [['init', '--frobnicate'], "✖ unknown option '--frobnicate'\n  Add --help to see what there is.\n"],
  ])('and nothing where nobody can know: %s', async (args, says) => {
    expect(await refused(args)).toBe(says);
  });
});
