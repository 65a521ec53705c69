import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CleanRun, cleanRun } from './cells.ts';
import { DESTROY, INIT, Lane } from './lane.ts';

let lane: Lane;
let clean: CleanRun;

// What a killed run made is still not to be seen when the next one looks, and shows its tags later still.
beforeAll(async () => {
  const strict = ['on', 'ec2-id=1.5', 'ec2-tag=3', 'ec2-deleted=1'];
  lane = await Lane.start(0.1, { TEMPORAL_FARGATE_TIME_SCALE: '0.1' }, strict);
  clean = await cleanRun(lane);
});

afterAll(async () => {
  await lane.stop();
});

const LONG = 120_000;

describe('SIGKILL right after EC2 made something that it does not show yet', () => {
  it.each(['CreateVpc', 'CreateInternetGateway', 'AllocateAddress'])(
    'init after %s makes it no second time',
    {
      timeout: LONG,
    },
    async (operation) => {
      await lane.reset();
      expect(await lane.runKilled(INIT, { match: { service: 'ec2', operation } })).toBe(true);
      await lane.run(INIT);
      await lane.checkMade(clean.made);
      await lane.checkGone(await lane.run(DESTROY));
    },
  );

  it.each([
    ['CreateSubnet', 4],
    ['CreateNatGateway', 1],
  ])('destroy after %s (%i) leaves nothing', { timeout: LONG }, async (operation, after) => {
    await lane.reset();
    expect(await lane.runKilled(INIT, { match: { service: 'ec2', operation }, after })).toBe(true);
    await lane.checkGone(await lane.run(DESTROY));
  });
});
