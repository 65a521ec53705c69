import { beforeAll, describe, expect, it } from 'vitest';
import { hostArchitecture } from '../../src/commands/connect.ts';
import { billFor, tasksOf } from '../../src/commands/stack-bill.ts';
import { referenceConfig } from '../helpers/aws-stack.ts';
import { BIN, cliEnvironment } from '../helpers/cli.ts';
import { useWarmPrograms } from '../helpers/warm-programs.ts';
import { offer, offerPath, usePriceServer } from '../pricing/price-server.ts';
import { INIT, useCliStage } from './stage.ts';

const stage = useCliStage();
const program = useWarmPrograms(() => BIN);
const prices = usePriceServer();

/** No account at all: no credentials, and nobody to ask for an API key or an address. */
function withoutAccount(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const env = cliEnvironment(undefined, extra);
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_REGION']) delete env[name];
  return env;
}

const sumIn = (table: string): string | undefined => /^Sum +(\d+\.\d\d)$/m.exec(table)?.[1];

const REGION = ['--region', 'us-east-1'];

describe('cost without an account', () => {
  it('shows the bill of the answers as a table, on standard output', async () => {
    const { code, stdout, stderr } = await program(['cost', ...REGION], withoutAccount());
    expect(code).toBe(0);
    expect(stderr).toContain(
      'This is what the answers would cost. Whether stack dev exists was not looked up: there are no AWS credentials.\n',
    );
    expect(stdout).toMatchInlineSnapshot(`
      "Stack dev in us-east-1, --network private
      US dollars for a month of 730 hours

                                unit price               1 task             10 tasks
      Fargate Spot          0.01257667 $/h      730 h      9.18     5840 h     73.45
      Fargate on demand         0.0395 $/h        0 h      0.00     1460 h     57.67
      NAT gateway                0.045 $/h      730 h     32.85      730 h     32.85
      logs                        0.5 $/GB       1 GB      0.50      10 GB      5.00
      public IPv4 address        0.005 $/h      730 h      3.65      730 h      3.65
      secret                         0.4 $          1      0.40          1      0.40
      alarm                          0.1 $          2      0.20          2      0.20
      ECR images                  0.1 $/GB     0.5 GB      0.05     0.5 GB      0.05
      S3 data                   0.023 $/GB       1 GB      0.02       1 GB      0.02
      Sum                                                 46.85               173.29

      Each line is quantity x unit price. One hour of a task:
        Fargate Spot: 1 vCPU x 0.01030969 + 2 GB x 0.00113349 = 0.01257667 $/h
        Fargate on demand: 1 vCPU x 0.03238 + 2 GB x 0.00356 = 0.0395 $/h
      Free: VPC, internet gateway, public subnet, private subnet, public route
        table, private route table, S3 gateway endpoint, security group, worker
        image, execution role, task role, ECS cluster, task definition, scalable
        target.
      Assumed: 1 GB of logs for each task, 0.5 GB of images, 1 GB of data.
      Not counted: traffic, requests, free tiers, taxes.
      List prices as of 2026-09-11 to 2026-10-06; --refresh reads the present ones.

      Cheapest other network: --network public
        1 task: 14.00 $, 32.85 $ less
        10 tasks: 173.29 $, the same
        but tasks have public addresses, none of them fixed, and still no ingress
      "
    `);
  });

  it('fits 80 columns with the largest of everything', async () => {
    const most = [
      '--cpu',
      '16384',
      '--memory',
      '122880',
      '--min-tasks',
      '1',
      '--max-tasks',
      '1000',
      '--network',
      'private-per-az',
    ];
    const zones = ['--zones', 'us-east-1a,us-east-1b,us-east-1c,us-east-1d,us-east-1e,us-east-1f'];
    const { stdout } = await program(['cost', ...REGION, ...most, ...zones], withoutAccount());
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(stdout).toMatch(/^Sum +\d+\.\d\d +\d+\.\d\d$/m);
  });

  it('says of what it does not know that it does not know it, and gives no sum', async () => {
    const { code, stdout } = await program(['cost', '--region', 'eu-central-1', '--max-tasks', '1'], withoutAccount());
    expect(code).toBe(0);
    expect(stdout).toMatch(/^NAT gateway +not known +730 h not known$/m);
    expect(stdout).toMatch(/^Sum +not known$/m);
    expect(stdout).toContain('Not known for eu-central-1: NAT gateway, ');
    expect(stdout).not.toContain('Cheapest other network');
  });

  it('is one line of JSON under --json, with null for what is not known', async () => {
    const known = await program(['cost', ...REGION, '--max-tasks', '1', '--json'], withoutAccount());
    const { result } = JSON.parse(known.stdout.trimEnd().split('\n').at(-1) ?? '');
    expect(result).toMatchObject({ exists: false, currency: 'USD', unknown: [], tasks: { min: 1, max: 1 } });
    expect(result.sum.min).toBeCloseTo(46.85, 2);
    expect(result.lines[0]).toMatchObject({
      what: 'NAT gateway',
      quantity: { min: 730, max: 730 },
      unitPrice: 0.045,
      prices: [{ usd: 0.045, asOf: '2026-09-28', source: 'AWS price list AmazonEC2' }],
    });
    const missing = await program(['cost', '--region', 'sa-east-1', '--json'], withoutAccount());
    expect(JSON.parse(missing.stdout.trimEnd().split('\n').at(-1) ?? '').result).toMatchObject({
      sum: null,
      asOf: null,
      other: null,
    });
  });

  it('reads the present prices under --refresh, and says which it could not read', async () => {
    prices.answers = {
      [offerPath('AmazonVPC', 'us-east-1')]: offer('2026-11-20T00:00:00Z', [
        ['USE1-NatGateway-Hours', { 0: '0.1' }],
        ['USE1-PublicIPv4:InUseAddress', { 0: '0.01' }],
      ]),
      [offerPath('AmazonECS', 'us-east-1')]: '<html>',
    };
    const env = withoutAccount({ TEMPORAL_FARGATE_PRICES_URL: prices.origin });
    const { code, stdout, stderr } = await program(['cost', ...REGION, '--refresh'], env);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^NAT gateway +0\.1 \$\/h +730 h +73\.00 +730 h +73\.00$/m);
    expect(stdout).toMatch(/^Fargate on demand +0\.0395 \$\/h/m);
    expect(stdout).toContain('List prices as of 2026-09-11 to 2026-11-20');
    expect(stderr).toContain(
      '! The price list AmazonECS could not be read: it is not in the form it had. What the built-in table knows of it is used.\n',
    );
    expect(stderr).toContain('! The Fargate Spot price feed could not be read: it answers 404.');
  });

  it('still refuses answers that cannot be', async () => {
    const { code, stderr } = await program(['cost', ...REGION, '--cpu', '1000'], withoutAccount());
    expect(code).toBe(64);
    expect(stderr).toContain('CPU 1000 does not exist on Fargate');
  });
});

describe('the bill of a stack', () => {
  const sums = (answers: Record<string, string | number> = {}) => {
    const config = referenceConfig({ architecture: hostArchitecture(), onDemandWeight: 0, ...answers });
    const { min = 0, max = 0 } = billFor(config).sum ?? {};
    return { min, max, text: `${min.toFixed(2)} $ with 1 task, ${max.toFixed(2)} $ with ${tasksOf(config).max} tasks` };
  };
  const line = (...text: string[]): string => `Monthly bill in AWS: ${text.join('; ')}.\n`;
  let made: { code: number | string; stderr: string };

  beforeAll(async () => {
    await stage.emulator.reset();
    made = await stage.run([...INIT, '--on-demand-weight', '0']);
  });

  it('is shown by init before it creates anything', () => {
    expect(made.code).toBe(0);
    const at = (text: string) => made.stderr.indexOf(text);
    expect(at(line(sums().text))).toBeGreaterThan(at('to create.'));
    expect(at('Monthly bill in AWS')).toBeLessThan(at('VPC created'));
  });

  it('is that of its state, as far as the answers do not say otherwise', async () => {
    const { stdout, stderr } = await stage.run(['cost', '--max-tasks', '1']);
    expect(sumIn(stdout)).toBe(sums({ maxTasks: 1 }).max.toFixed(2));
    expect(stderr).not.toContain('would cost');
    const other = await stage.run(['cost', '--max-tasks', '1', '--network', 'public']);
    expect(sumIn(other.stdout)).toBe(sums({ maxTasks: 1, network: 'public' }).max.toFixed(2));
  });

  it('is compared by plan with what a change makes of it', async () => {
    const moved = await stage.run(['plan', '--network', 'public', '--max-tasks', '2']);
    const wanted = sums({ network: 'public', maxTasks: 2 });
    const less = (sums().max - wanted.max).toFixed(2);
    expect(moved.stdout).toContain(line(wanted.text, `32.85 $ less and ${less} $ less than now`));
    const kept = await stage.run(['plan', '--log-retention-days', '30']);
    expect(kept.stdout).toContain(line(sums().text));
    expect((await stage.run(['plan'])).stdout).toBe('Nothing to do: everything is as configured.\n');
  });
});
