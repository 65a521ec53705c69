import { beforeAll, describe, expect, it } from 'vitest';
import { type ForeignNetwork, foreignNetwork, foreignSubnet } from '../helpers/foreign-network.ts';
import { countable } from '../helpers/inventory.ts';
import { DESTROY, expectRefusal, INIT, useCliStage } from './stage.ts';

const stage = useCliStage();
let foreign: ForeignNetwork;
beforeAll(async () => {
  foreign = await foreignNetwork(stage.emulator);
});

const guest = (subnets: readonly string[]): string[] => [
  ...['--network', 'existing', '--vpc-id', foreign.vpc],
  ...['--subnet-ids', subnets.join(',')],
];

const CLOUD = { TEMPORAL_ADDRESS: 'dev.a1b2c.tmprl.cloud:7233' };

describe('init in a network that was there before', () => {
  it('uses it and nothing of its own but a security group, finds it in its state, and gives it back as it was', async () => {
    const before = await stage.emulator.inventory();
    const made = await stage.run([...INIT, ...guest(foreign.privateSubnets)]);
    expect(made).toMatchObject({ code: 0 });
    expect(made.stderr).toContain('  Network: existing (--network)\n');
    expect(made.stderr).toContain('  Public addresses for the tasks: auto (default)\n');
    expect(made.stderr).not.toMatch(/NAT gateway \(|subnet \(|VPC$/m);
    const again = await stage.run(INIT);
    expect(again.stdout).toContain('Stack dev is as configured. Nothing was changed.');
    expect(again.stderr).toContain('  Public addresses for the tasks: no (this stack)\n');
    const cost = await stage.run(['cost', '--max-tasks', '1']);
    expect(cost.stdout).toMatch(/^Sum +\d+\.\d\d$/m);
    expect(cost.stdout).not.toMatch(/^(NAT gateway|public IPv4)/m);
    expect(await stage.run(DESTROY)).toMatchObject({ code: 0 });
    expect(countable(await stage.emulator.inventory())).toEqual(countable(before));
  });

  it('gives tasks public addresses where only these lead out, and warns of a single zone', async () => {
    const planned = await stage.run(['plan', '--yes', ...guest([foreign.publicSubnet])], CLOUD);
    expect(planned).toMatchObject({ code: 0 });
    expect(planned.stderr).toContain('All tasks will be in us-east-1a: none survives the loss of that zone.');
    expect(planned.stdout).toMatch(/Monthly bill in AWS: /);
    const refused = await stage.run(
      ['plan', '--yes', ...guest([foreign.publicSubnet]), '--assign-public-ip', 'no'],
      CLOUD,
    );
    expectRefusal(expect, refused, { code: 1, says: 'the tasks get none', fix: 'Add --assign-public-ip yes' });
  });

  it('is refused before anything is created where Temporal would be out of reach', async () => {
    const lonely = await foreignSubnet(stage.emulator, foreign.vpc, '172.31.20.0/24', 'c');
    await stage.emulator.settle();
    const earlier = (await stage.changes()).length;
    const refused = await stage.run(['init', '--yes', ...guest([lonely])], CLOUD);
    expectRefusal(expect, refused, {
      code: 1,
      says: `${lonely} has no way out to Temporal`,
      fix: 'add --verify health',
    });
    expect(refused.stderr).toContain('no endpoint with private DNS for ecr.api, ecr.dkr, logs, secretsmanager, s3');
    const missing = await stage.run([...INIT, '--network', 'existing', '--vpc-id', 'vpc-0bad', '--subnet-ids', lonely]);
    expectRefusal(expect, missing, {
      code: 1,
      says: 'there is no VPC vpc-0bad in region us-east-1',
      fix: 'describe-vpcs',
    });
    expect(await stage.changes()).toHaveLength(earlier);
  });

  it('asks for what it needs, all at once', async () => {
    const refused = await stage.run(['plan', '--yes', '--network', 'existing']);
    expectRefusal(expect, refused, {
      code: 64,
      says: /missing: VPC \(--vpc-id or .*Subnets \(--subnet-ids or /,
      fix: 'Give the missing answers',
    });
  });
});
