import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterAll, describe, expect, it } from 'vitest';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import { endProcess, isRunning, processIdentity, run } from '../../src/sandbox/processes.ts';
import { type SandboxRecord, sandboxStatus, startSandbox, stopSandbox } from '../../src/sandbox/sandbox.ts';
import { startTemporalServer } from '../../src/sandbox/temporal-server.ts';
import { clientsFor, eventually, testCacheDir } from '../helpers/emulator.ts';

const home = mkdtempSync(join(tmpdir(), 'temporal-fargate-home-'));
const children: ChildProcess[] = [];

afterAll(async () => {
  await stopSandbox({ home });
  for (const child of children) child.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

const notes: string[] = [];
const start = () => startSandbox({ home, cacheDir: testCacheDir, delaySeconds: 0.2, note: (text) => notes.push(text) });
const pidsOf = ({ pids }: SandboxRecord) => [pids.emulator.pid, pids.temporal.pid];

describe('a sandbox', () => {
  let sandbox: SandboxRecord;

  it('is started once, also by two callers at the same time', async () => {
    expect(await sandboxStatus({ home })).toBeUndefined();
    const [first, second] = await Promise.all([start(), start()]);
    expect(second.sandbox).toEqual(first.sandbox);
    expect([first.alreadyRunning, second.alreadyRunning].sort()).toEqual([false, true]);
    expect(notes).toContainEqual(expect.stringContaining('already runs'));
    sandbox = first.sandbox;
    expect(await sandboxStatus({ home })).toEqual(sandbox);
    expect(statSync(join(home, 'sandbox.json')).mode & 0o777).toBe(0o600);
  });

  it('has an emulator and a Temporal server that answer', async () => {
    const identity = await clientsFor(sandbox).sts.send(new GetCallerIdentityCommand({}));
    expect(identity.Account).toBe(sandbox.accountId);
    const { temporal } = await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined });
    const health = await run(temporal, ['operator', 'cluster', 'health', '--address', sandbox.temporalAddress]);
    expect(health.output).toContain('SERVING');
  });

  it('survives Ctrl-C in the terminal of its starter: it is in a session of its own', async () => {
    for (const pid of pidsOf(sandbox)) {
      const { output } = await run('ps', ['-o', 'pgid=', '-p', String(pid)]);
      expect(output.trim()).toBe(String(pid));
    }
  });

  it('keeps no copy of its key but the run file', () => {
    const logs = readdirSync(join(home, 'sandbox')).filter((name) => name.endsWith('.log'));
    expect(logs).toEqual(['emulator.log', 'temporal.log']);
    for (const name of logs) {
      expect(readFileSync(join(home, 'sandbox', name), 'utf8')).not.toContain(sandbox.secretAccessKey);
    }
  });

  it('is started anew when its processes are gone', async () => {
    for (const { pid, identity } of [sandbox.pids.emulator, sandbox.pids.temporal]) await endProcess(pid, identity);
    expect(await sandboxStatus({ home })).toBeUndefined();
    const again = await start();
    expect(again.alreadyRunning).toBe(false);
    expect(again.sandbox.secretAccessKey).not.toBe(sandbox.secretAccessKey);
    sandbox = again.sandbox;
  });

  it('is stopped without a trace', async () => {
    expect(await stopSandbox({ home })).toBe(true);
    // Ended before stopSandbox returned; their ids go once Node, whose children they are here, has reaped them.
    expect(await Promise.all(pidsOf(sandbox).map(processIdentity))).toEqual([undefined, undefined]);
    expect(readdirSync(home)).toEqual([]);
    expect(await stopSandbox({ home })).toBe(false);
  });

  it('leaves alone another program that got one of its process ids', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    children.push(other);
    await once(other, 'spawn');
    const pids = { emulator: { pid: other.pid, identity: 'of another life' }, temporal: sandbox.pids.temporal };
    writeFileSync(join(home, 'sandbox.json'), JSON.stringify({ ...sandbox, pids }));
    expect(await sandboxStatus({ home })).toBeUndefined();
    expect(await stopSandbox({ home })).toBe(false);
    expect(existsSync(join(home, 'sandbox.json'))).toBe(false);
    expect(isRunning(other.pid ?? 0)).toBe(true);
  });
});

describe('servers that are not detached', () => {
  it('end when the process that started them is killed', async () => {
    const script = `
      import { ensurePythonEnvironment } from ${JSON.stringify(new URL('../../src/sandbox/environment.ts', import.meta.url).href)};
      import { startEmulator } from ${JSON.stringify(new URL('../../src/sandbox/emulator.ts', import.meta.url).href)};
      import { startTemporalServer } from ${JSON.stringify(new URL('../../src/sandbox/temporal-server.ts', import.meta.url).href)};
      const environment = await ensurePythonEnvironment({ cacheDir: ${JSON.stringify(testCacheDir)}, note() {} });
      const temporal = await startTemporalServer({ environment, workDir: ${JSON.stringify(home)} });
      const emulator = await startEmulator({ environment, workDir: ${JSON.stringify(home)} });
      console.log(JSON.stringify([emulator.pid, temporal.pid, temporal.address]));
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(parent);
    const [line] = (await once(parent.stdout.setEncoding('utf8'), 'data')) as [string];
    const [emulator, temporal, address] = JSON.parse(line) as [number, number, string];
    expect([emulator, temporal].map(isRunning)).toEqual([true, true]);
    parent.kill('SIGKILL');
    await eventually('servers ended', async () => {
      const identities = await Promise.all([emulator, temporal].map(processIdentity));
      return identities.every((identity) => identity === undefined);
    });
    const environment = await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined });
    const health = await run(environment.temporal, ['operator', 'cluster', 'health', '--address', address]);
    expect(health.code).not.toBe(0);
  });

  it('end by stop()', async () => {
    const environment = await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined });
    const server = await startTemporalServer({ environment, workDir: home });
    await server.stop();
    expect(isRunning(server.pid)).toBe(false);
  });
});
