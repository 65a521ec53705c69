import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeScalableTargetsCommand } from '@aws-sdk/client-application-auto-scaling';
import { PutRetentionPolicyCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeServicesCommand, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useSandbox } from '../helpers/temporal.ts';
import { builtWorker, workerDir } from '../worker/worker-process.ts';

const sandbox = useSandbox();
const SERVICE = { cluster: 'temporal-fargate-dev', service: 'worker' };
const ON_DEMAND = [{ capacityProvider: 'FARGATE', weight: 1, base: 0 }];

/** Waits scaled less than usual: a deployment must not count as stuck because this machine is busy. */
const run = (args: readonly string[]) => sandbox.run(args, { TEMPORAL_FARGATE_TIME_SCALE: '0.1' });

/** Puts the sentence of a release before the bundled worker's main program: bundling it anew would take seconds. */
const BUILD = `
  const { cpSync, readFileSync, writeFileSync } = require('node:fs');
  cpSync(${JSON.stringify(builtWorker)}, 'dist', { recursive: true });
  writeFileSync('dist/main.js', readFileSync('release.js', 'utf8') + readFileSync('dist/main.js', 'utf8'));`;

/** A worker of the user's: the starter's packages, and what its own script builds. */
let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'temporal-fargate-deploy-'));
  const manifest = JSON.parse(readFileSync(join(workerDir, 'package.json'), 'utf8'));
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ ...manifest, scripts: { build: 'node build.cjs' } }));
  cpSync(join(workerDir, 'package-lock.json'), join(dir, 'package-lock.json'));
  symlinkSync(join(workerDir, 'node_modules'), join(dir, 'node_modules'));
  writeFileSync(join(dir, 'build.cjs'), BUILD);
  release("throw new Error('broken release')");
  const failed = await run(['init', '--yes', '--worker-dir', dir]);
  expect(failed, failed.stderr).toMatchObject({ code: 1, stderr: expect.stringContaining('broken release') });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Runs it to its end, which has to be a good one. @returns its result, and what it changed in AWS */
async function done(...args: string[]) {
  await sandbox.emulator.clearCalls();
  const { code, stdout, stderr } = await run([...args, '--json']);
  expect(code, stdout + stderr).toBe(0);
  const { result } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
  const calls = (await sandbox.emulator.calls()).filter(({ mutating, service }) => mutating && service !== 's3');
  return { result, changes: calls.map(({ operation }) => operation).filter((name) => !/Layer|ListFailed/.test(name)) };
}

async function counts() {
  const { ecs, autoscaling } = sandbox.emulator.clients;
  const { services } = await ecs.send(new DescribeServicesCommand({ cluster: SERVICE.cluster, services: ['worker'] }));
  const { ScalableTargets } = await autoscaling.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs' }));
  const [service, target] = [services?.[0], ScalableTargets?.[0]];
  return {
    revision: Number(service?.taskDefinition?.split(':').at(-1)),
    desired: service?.desiredCount,
    running: service?.runningCount,
    min: target?.MinCapacity,
    suspended: Object.values(target?.SuspendedState ?? {}).filter(Boolean).length,
    strategy: service?.capacityProviderStrategy,
  };
}

function release(sentence: string): void {
  writeFileSync(join(dir, 'release.js'), `${sentence};\n`);
}

describe('deploy', () => {
  it('repairs a stack whose first deployment has failed, with all that it had not come to', async () => {
    release("console.log('one')");
    const { result, changes } = await done('deploy', '--worker-dir', dir);
    expect(changes.slice(0, 3)).toEqual(['PutImage', 'RegisterTaskDefinition', 'UpdateService']);
    expect(changes).toEqual(expect.arrayContaining(['RegisterScalableTarget', 'PutMetricAlarm']));
    expect(result).toMatchObject({ changed: true, otherDifferences: 0, workers: [{ worker: 'worker', revision: 2 }] });
    expect(result.proof).toEqual([expect.stringContaining('as a poller of test-queue')]);
  });

  it('of changed code pushes less than a megabyte, proves that it polls, and leaves everything else as it is', async () => {
    const { ecs, logs } = sandbox.emulator.clients;
    await logs.send(new PutRetentionPolicyCommand({ logGroupName: '/temporal-fargate/dev', retentionInDays: 30 }));
    await ecs.send(new UpdateServiceCommand({ ...SERVICE, capacityProviderStrategy: ON_DEMAND }));
    release("console.log('two')");
    const { result, changes } = await done('deploy', '--worker-dir', dir);
    expect(changes).toEqual(['PutImage', 'RegisterTaskDefinition', 'UpdateService']);
    expect(result).toMatchObject({
      otherDifferences: 2,
      workers: [{ revision: 3, image: expect.stringMatching(/^sha256:/) }],
      proof: [expect.stringContaining('as a poller of test-queue')],
    });
    const [parts] = result.workers;
    expect(Object.keys(parts)).toEqual(
      expect.arrayContaining(['buildMs', 'pushMs', 'registerMs', 'deploymentMs', 'pollersMs']),
    );
    // The base and the dependencies are there already.
    expect(parts.pushedBytes).toBeGreaterThan(1000);
    expect(parts.pushedBytes).toBeLessThan(1_000_000);
    expect(await counts()).toMatchObject({ revision: 3, running: 1, strategy: ON_DEMAND });
  });

  it('of the same code changes nothing, and says so', async () => {
    const { code, stdout } = await run(['deploy', '--worker-dir', dir]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Stack dev runs this already\. Nothing was deployed\.\nworker: revision 3, image [0-9a-f]{12}\n2 other differences; temporal-fargate plan shows them\.\n$/,
    );
  });
});

describe('rollback', () => {
  it('gives the service what has worked before, and touches nothing else', async () => {
    const { result, changes } = await done('rollback');
    expect(changes).toEqual(['UpdateService']);
    expect(result).toMatchObject({ changed: true, from: { revision: 3 }, to: { revision: 2 } });
    expect(result.proof).toEqual([expect.stringContaining('as a poller of test-queue')]);
    expect(await counts()).toMatchObject({ revision: 2, running: 1, strategy: ON_DEMAND });
  });

  it('to what cannot be run is refused with what can be chosen', async () => {
    const refused = await run(['rollback', '--to', '7']);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('✖ rolling worker back to revision 7: there is no such revision');
    expect(refused.stderr).toContain('Choose one of 3, 1.');
  });
});

describe('pause', () => {
  it('ends every task and all scaling, and shows what goes on costing money', async () => {
    const { result, changes } = await done('pause');
    expect(changes).toEqual(['RegisterScalableTarget', 'UpdateService']);
    expect(result).toMatchObject({ changed: true, paused: ['worker'], monthlyUsd: { max: expect.any(Number) } });
    expect(result.bill).toContainEqual({ what: 'NAT gateway', monthlyUsd: { min: 32.85, max: 32.85 } });
    expect(await counts()).toMatchObject({ desired: 0, running: 0, min: 0, suspended: 3 });
  });

  it('is kept by init, which says so, and so is the rollback', async () => {
    const { code, stdout, stderr } = await run(['init', '--yes']);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('worker was rolled back to revision 2 and stays there, until temporal-fargate deploy.');
    expect(stderr).toContain('Paused, and stays so: worker.');
    expect(stderr).toContain('Plan: 2 to update, 22 unchanged.');
    expect(stdout).toContain('worker: it is paused, so no task was waited for.');
    expect(await counts()).toMatchObject({ revision: 2, desired: 0, min: 0, suspended: 3 });
  });

  it('ends with resume, which proves that the worker polls', async () => {
    const { result, changes } = await done('resume');
    expect(changes).toEqual(['RegisterScalableTarget']);
    expect(result).toMatchObject({ resumed: ['worker'], proof: [expect.stringContaining('as a poller of')] });
    expect(await counts()).toMatchObject({ revision: 2, desired: 1, running: 1, min: 1, suspended: 0 });
  });
});

describe('after all that', () => {
  it('the next deploy takes the code again, and history tells it all', async () => {
    const { result, changes } = await done('deploy', '--worker-dir', dir);
    // Image and revision are still there, so that nothing is even built.
    expect(changes).toEqual(['UpdateService']);
    expect(result).toMatchObject({ workers: [{ revision: 3, deploymentMs: expect.any(Number) }] });
    expect(result.workers[0]).not.toHaveProperty('buildMs');

    const { stdout } = await run(['history']);
    const scrubbed = stdout.replace(/[0-9a-f]{12}/g, '<image>').replace(/\d+ (s|min) ago/g, '<time>');
    // Columns are as wide as what stands in them.
    expect(scrubbed.replace(/(?<=\S) {2,}/g, '  ')).toMatchInlineSnapshot(`
      "Worker worker
        revision  image  when  command  outcome  now  by
      * 3  <image>  <time>  deploy  completed  runs  user/sandbox
        2  <image>  <time>  rollback  completed  kept  user/sandbox
        3  <image>  <time>  deploy  completed  runs  user/sandbox
        2  <image>  <time>  deploy  completed  kept  user/sandbox
        1  <image>  <time>  init  stopped  kept  user/sandbox
      "
    `);
  });
});
