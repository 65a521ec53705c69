import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cell, type CleanRun, cleanRun, kill, nameOf } from './cells.ts';
import { DESTROY, INIT, Lane } from './lane.ts';

/** The sharpest cells; `npm run test:kill` adds the others. */
const WHOLE = process.env.KILL_MATRIX === 'whole';
const LONG = 300_000;

let lane: Lane;
let clean: CleanRun;

// What a killed run made or deleted is not seen as it is when the next one looks, and tags come later still.
beforeAll(async () => {
  const strict = ['ec2-id=0.75', 'ec2-tag=1.5', 'ec2-deleted=1'];
  lane = await Lane.start(0.1, { TEMPORAL_FARGATE_TIME_SCALE: '0.05' }, strict);
  clean = await cleanRun(lane);
}, LONG);

afterAll(async () => {
  await lane.stop();
});

const cell = (command: Cell['command'], operation: string, ordinal = 1): Cell => ({
  command,
  service: 'ec2',
  operation,
  ordinal,
});
const named = (cells: readonly Cell[]): [string, Cell][] => cells.map((one) => [nameOf(one), one]);
const later = (...cells: Cell[]): Cell[] => (WHOLE ? cells : []);

async function made(): Promise<void> {
  await lane.reset();
  await lane.run(INIT);
}

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
    expect((await lane.run(INIT)).code).toBe(0);
    await lane.checkMade(clean.made);
  });

  it.each(
    named([
      cell('init', 'CreateSecurityGroup'),
      cell('init', 'CreateSubnet', 4),
      ...later(cell('init', 'CreateVpc'), cell('init', 'CreateNatGateway')),
    ]),
  )('%s: destroy leaves nothing', { timeout: LONG }, async (_name, one) => {
    await lane.reset();
    await kill(lane, one, () => lane.reset());
    const result = await lane.run(DESTROY);
    expect(result.code).toBe(0);
    await lane.checkGone(result);
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
    expect((await lane.run(INIT)).code).toBe(0);
    await lane.checkMade(clean.made);
  });
});
