import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { AuthorizeSecurityGroupIngressCommand, DescribeSecurityGroupsCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CallShape, shapeOf } from '../../src/aws/call-shapes.ts';
import { AwsStack, referenceConfig } from '../helpers/aws-stack.ts';
import { useEmulator } from '../helpers/emulator.ts';
import { compareShapes, formatComparison } from './compare-shapes.ts';
import { lookAt } from './out-of-band.ts';

const emulator = useEmulator();
const folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-live-test-'));
const file = join(folder, 'shapes.ndjson');
const place = { stack: 'dev', region: 'us-east-1', accountId: '123456789012' };

let stack: AwsStack;

beforeAll(async () => {
  process.env.TEMPORAL_FARGATE_CALL_SHAPES = file;
  stack = new AwsStack(emulator.address, folder);
  delete process.env.TEMPORAL_FARGATE_CALL_SHAPES;
  stack.config = referenceConfig({ maxTasks: 2 });
  await stack.up();
});

afterAll(() => {
  stack.close();
  rmSync(folder, { recursive: true, force: true });
});

const recorded = (): CallShape[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as CallShape);

describe('what plain clients find of a stack', () => {
  it('is everything, without a complaint', async () => {
    const { things, problems } = await lookAt(emulator.clients, place);
    expect(problems).toEqual([]);
    expect(things.map((thing) => thing.slice(0, thing.lastIndexOf(' '))).sort()).toEqual(
      [
        ...['vpc', 'internet gateway', 'address', 'nat gateway', 'endpoint', 'security group', 'bucket', 'secret'],
        ...['subnet', 'subnet', 'subnet', 'subnet', 'route table', 'route table', 'log group', 'role', 'role'],
        ...['cluster', 'service', 'repository', 'scalable target', 'alarm', 'alarm'],
      ].sort(),
    );
  });

  it('lacks what was deleted, and says what lets traffic in', async () => {
    const { ec2, cloudwatch } = emulator.clients;
    await cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: ['temporal-fargate-dev_worker-cpu-high'] }));
    const { SecurityGroups } = await ec2.send(
      new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'tag:temporal-fargate:stack', Values: ['dev'] }] }),
    );
    const GroupId = SecurityGroups?.[0]?.GroupId;
    const open = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [open] }));
    const { problems } = await lookAt(emulator.clients, place);
    expect(problems).toEqual([`security group ${GroupId} lets something in`, '1 of 2 alarms']);
  });
});

describe('the recorded shapes', () => {
  it('hold no value but words of AWS itself', () => {
    // Maps of tags and labels have keys of ours as their members.
    const text = readFileSync(file, 'utf8').replaceAll(/temporal-fargate[.:][\w-]+: string/g, '');
    for (const value of ['key-one', '123456789012', 'arn:aws', '10.0.', 'temporal-fargate', 'tfg-', ': dev'])
      expect(text.includes(value), value).toBe(false);
    expect(text).not.toMatch(/"\w+: (vpc|subnet)-[0-9a-f]+/);
    expect(recorded().find(({ operation }) => operation === 'CreateVpc')).toEqual({
      service: 'EC2',
      operation: 'CreateVpc',
      request: expect.arrayContaining(['CidrBlock: string', 'TagSpecifications[].ResourceType: vpc']),
      outcome: { reply: expect.arrayContaining(['Vpc.VpcId: string', 'Vpc: object']) },
    });
  });

  it('are the same as themselves', () => {
    const { differences, unmatched, compared } = compareShapes(recorded(), recorded());
    expect(differences).toEqual([]);
    expect(unmatched).toEqual([]);
    expect(compared).toBeGreaterThan(40);
  });

  it('differ by a member, a type, an error and a request that only one side has', () => {
    const call = (outcome: CallShape['outcome'], operation = 'DescribeVpcs'): CallShape => ({
      service: 'EC2',
      operation,
      request: shapeOf({ VpcIds: ['vpc-1'] }),
      outcome,
    });
    const reply = (value: object) => call({ reply: shapeOf(value) });
    const { differences, unmatched } = compareShapes(
      [
        reply({ Vpcs: [{ VpcId: 'vpc-1', OwnerId: '1', At: new Date() }], More: { A: 1 }, Empty: [] }),
        call({ error: 'VpcNotFound' }, 'DeleteVpc'),
      ],
      [
        reply({ Vpcs: [{ VpcId: 'vpc-1', At: 'yesterday' }], Empty: [{ Unknown: 1 }] }),
        call({ error: 'InvalidVpcID.NotFound' }, 'DeleteVpc'),
        call({ reply: [] }, 'CreateVpc'),
      ],
    );
    expect(formatComparison({ differences, unmatched, compared: 2 })).toBe(
      `
2 forms of requests were answered by both; 6 differences.

| Call | What | Only from |
|---|---|---|
| EC2 DescribeVpcs | \`More: object\` | AWS |
| EC2 DescribeVpcs | \`Vpcs[].At: date\` | AWS |
| EC2 DescribeVpcs | \`Vpcs[].OwnerId: string\` | AWS |
| EC2 DescribeVpcs | \`Vpcs[].At: string\` | emulator |
| EC2 DeleteVpc | \`error VpcNotFound\` | AWS |
| EC2 DeleteVpc | \`error InvalidVpcID.NotFound\` | emulator |

Not compared:

- EC2 CreateVpc: asked in this form only of emulator`.trimStart(),
    );
  });
});
