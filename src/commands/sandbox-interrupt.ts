import { EXIT, usageError } from '../errors.ts';
import { chooseSpotTasks, idOf, shortIdOf } from '../sandbox/choose-task.ts';
import { SandboxControl, type SandboxTask } from '../sandbox/control.ts';
import type { CommandInput } from './input.ts';
import { runningSandbox } from './sandbox-home.ts';

/** `sandbox interrupt`: takes the Spot capacity of tasks back, as AWS does. */
export async function sandboxInterrupt(input: CommandInput): Promise<number> {
  const { io, flags } = input;
  const { task, any, all } = flags.own;
  const warning = secondsOf('--warning', flags.own.warning);
  const shortage = secondsOf('--shortage', flags.own.shortage);
  const control = new SandboxControl(await runningSandbox(input));
  const choice = { task: typeof task === 'string' ? task : undefined, any: any === true, all: all === true };
  const chosen = chooseSpotTasks(await control.tasks(), choice);
  // First: a task that is on its way out is replaced within a tenth of a second.
  if (shortage !== undefined) await control.withholdSpot(shortage);
  const interrupted = [];
  for (const one of chosen) {
    const { seconds } = await control.interrupt(one.taskArn, warning);
    interrupted.push({ task: idOf(one), service: serviceOf(one), seconds });
    io.note(`Task ${shortIdOf(one)} of ${serviceOf(one)} has its warning: SIGTERM now, SIGKILL after ${seconds} s.`);
  }
  io.result(
    [
      shortage === undefined
        ? 'ECS starts another task for each.'
        : `Spot has no capacity for ${shortage} s: until then nothing takes their place.`,
      'See what becomes of it: temporal-fargate status --sandbox',
    ].join('\n'),
    { interrupted, shortageSeconds: shortage ?? null },
  );
  return EXIT.done;
}

const serviceOf = ({ group }: SandboxTask): string => group.replace(/^service:/, '');

function secondsOf(flag: string, given: string | boolean | undefined): number | undefined {
  if (given === undefined) return undefined;
  const seconds = Number(given);
  if (seconds > 0 && seconds <= 3600) return seconds;
  throw usageError(`${flag} ${String(given)} is not a number of seconds up to 3600`, 'Give one, such as 10.');
}
