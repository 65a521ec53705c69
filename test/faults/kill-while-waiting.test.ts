import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shapeOf } from '../helpers/account-shape.ts';
import { leanBin, startCli } from '../helpers/cli.ts';
import { eventually } from '../helpers/emulator.ts';
import { COMMANDS, type CommandName } from './commands.ts';
import { Lane } from './lane.ts';

type Wait = [when: string, text: RegExp];

/** `npm run test:kill` adds what `npm test` leaves out. */
const WHOLE = process.env.KILL_MATRIX === 'whole';
const later = (...cells: Wait[]): Wait[] => (WHOLE ? cells : []);

const LONG = 300_000;

let lane: Lane;
let clean: readonly string[];

// Slow enough, and looked at seldom enough, that most of a wait is spent between two calls.
beforeAll(async () => {
  const env = { TEMPORAL_FARGATE_TIME_SCALE: '0.3' };
  lane = await Lane.start({ bin: leanBin(), delaySeconds: 1, env, strict: ['on=0.1'] });
  await lane.reset();
  await lane.run('init');
  clean = shapeOf(await lane.emulator.inventory());
}, LONG);

afterAll(async () => {
  await lane.stop();
});

/** Kills the command in the wait that it tells of, between two calls: it is stopped first, and goes on when one is under way. */
async function killWaiting(command: CommandName, text: RegExp): Promise<void> {
  const { emulator } = lane;
  await emulator.clearCalls();
  const { child, pid, result, waitFor } = startCli(COMMANDS[command].args, lane.env, undefined, lane.bin);
  await waitFor(text);
  const calls = await eventually('a moment without a call', async () => {
    const before = (await emulator.calls()).length;
    process.kill(pid, 'SIGSTOP');
    // What was sent before the stop has arrived by the second look.
    await emulator.calls();
    const log = await emulator.calls();
    if (log.length === before && log.every(({ status }) => status !== null)) return log.length;
    process.kill(pid, 'SIGCONT');
    return false;
  });
  child.kill('SIGKILL');
  expect((await result).code).toBe('SIGKILL');
  expect(await emulator.calls()).toHaveLength(calls);
}

describe('SIGKILL while nothing but time has to pass', () => {
  it('destroy goes on where it was killed when the service drains', async () => {
    await killWaiting('destroy', /ECS service \(worker\): (deletion accepted|draining)/);
    await lane.checkGone(await lane.run('destroy'));
  });

  it.each<Wait>([
    ['the NAT gateway is pending', /NAT gateway \(.*\): pending/],
    ...later(['the service starts its tasks', /ECS service \(worker\): 0 of 1 tasks running/]),
  ])('init goes on where it was killed when %s', async (_when, text) => {
    await lane.reset();
    await killWaiting('init', text);
    await lane.run('init');
    await lane.checkMade(clean);
  });
});
