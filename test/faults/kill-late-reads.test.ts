import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shapeOf } from '../helpers/account-shape.ts';
import { leanBin } from '../helpers/cli.ts';
import { type Cell, nameOf } from './cells.ts';
import type { CommandName } from './commands.ts';
import { Lane } from './lane.ts';
import { kill } from './matrix.ts';

/** The sharpest cells; `npm run test:kill` adds the others. */
const WHOLE = process.env.KILL_MATRIX === 'whole';
const LONG = 300_000;

let lane: Lane;
let clean: readonly string[];

async function made(): Promise<void> {
  await lane.reset();
  await lane.run('init');
}

// What a killed run made or deleted is not seen as it is when the next one looks, and tags come later still.
beforeAll(async () => {
  const strict = ['ec2-id=0.75', 'ec2-tag=1.5', 'ec2-deleted=1'];
  lane = await Lane.start({ bin: leanBin(), env: { TEMPORAL_FARGATE_TIME_SCALE: '0.05' }, strict });
  await made();
  clean = shapeOf(await lane.emulator.inventory());
}, LONG);

afterAll(async () => {
  await lane.stop();
});

const cell = (command: CommandName, operation: string, ordinal = 1): Cell => ({
  command,
  service: 'ec2',
  operation,
  ordinal,
  disturbance: 'killed after',
});
const named = (cells: readonly Cell[]): [string, Cell][] => cells.map((one) => [nameOf(one), one]);
const later = (...cells: Cell[]): Cell[] => (WHOLE ? cells : []);

describe('SIGKILL right after EC2 made something that it does not show yet', () => {
  it.each(
    named([
      cell('init', 'CreateVpc'),
      ...later(
        cell('init', 'CreateInternetGateway'),
        cell('init', 'AllocateAddress'),
        cell('init', 'CreateRouteTable'),
      ),
    ]),
  )('%s: init makes nothing a second time', { timeout: LONG }, async (_name, one) => {
    await lane.reset();
    await kill(lane, one, () => lane.reset());
    await lane.run('init');
    await expect(lane.checkMade(clean)).resolves.toBeUndefined();
  });

  it.each(
    named([
      cell('init', 'CreateSecurityGroup'),
      ...later(cell('init', 'CreateVpc'), cell('init', 'CreateSubnet', 4), cell('init', 'CreateNatGateway')),
    ]),
  )('%s: destroy leaves nothing', { timeout: LONG }, async (_name, one) => {
    await lane.reset();
    await kill(lane, one, () => lane.reset());
    await expect(lane.checkGone(await lane.run('destroy'))).resolves.toBeUndefined();
  });
});

describe('SIGKILL right after EC2 deleted something that it still lists', () => {
  it.each(
    named([
      cell('destroy', 'DeleteVpc'),
      ...later(
        cell('destroy', 'DeleteSubnet', 2),
        cell('destroy', 'ReleaseAddress'),
        cell('destroy', 'DeleteRouteTable'),
      ),
    ]),
  )('%s: init makes it anew', { timeout: LONG }, async (_name, one) => {
    await made();
    await kill(lane, one, made);
    await lane.run('init');
    await expect(lane.checkMade(clean)).resolves.toBeUndefined();
  });
});
