import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliResult, cliEnvironment, runCli } from '../helpers/cli.ts';
import { processesWith } from '../helpers/process-list.ts';
import { findIn } from '../helpers/secret-search.ts';

const home = mkdtempSync(join(tmpdir(), 'temporal-fargate-home-'));
const run = (command: string, extra: NodeJS.ProcessEnv = {}): Promise<CliResult> =>
  runCli(command.split(' '), cliEnvironment(undefined, { TEMPORAL_FARGATE_HOME: home, ...extra }));
const SECRET = 'planted-secret-4b7d19c2';

let started: CliResult;
beforeAll(async () => {
  started = await run('sandbox start --temporal-auth api-key --delay 0.2', {
    STARTED_BY: home,
    TEMPORAL_API_KEY: SECRET,
    AWS_SESSION_TOKEN: SECRET,
  });
});
afterAll(async () => {
  await run('sandbox stop');
  rmSync(home, { recursive: true, force: true });
});

/** The path behind a name in what `sandbox start` and `sandbox status` print. */
const pathOf = (name: string): string => new RegExp(`^ {2}${name} +(\\S+)`, 'm').exec(started.stdout)?.[1] ?? '';
const address = (): string => /Temporal at (localhost:\d+)/.exec(started.stdout)?.[1] ?? '';

describe('sandbox start --temporal-auth api-key', () => {
  it('says where CA and key are, as status does, and shows no key', async () => {
    expect(started.code).toBe(0);
    const { stdout } = await run('sandbox status');
    for (const name of ['CA certificate', 'API key', 'accepted keys']) {
      expect(stdout).toContain(`${name} `);
      expect(stdout).toContain(pathOf(name));
    }
    for (const name of ['API key', 'accepted keys']) expect(statSync(pathOf(name)).mode & 0o777).toBe(0o600);
    expect(started.stdout + started.stderr + stdout).not.toContain(readFileSync(pathOf('API key'), 'utf8').trim());
  });

  it('tells the servers, which live on, no secret that it was told itself', () => {
    const servers = processesWith(home);
    expect(servers.length).toBeGreaterThanOrEqual(3);
    for (const { arguments: line, environment } of servers)
      expect(findIn(Buffer.concat([line, environment]), SECRET), line.toString()).toEqual([]);
  });

  it('is all that a plan for it needs to be told', async () => {
    const { code, stdout, stderr } = await run('plan --sandbox --yes');
    expect(code).toBe(0);
    expect(stderr).toContain('How does the worker prove who it is: api-key (default)');
    expect(stderr).toContain('Temporal API key: ******** (default)');
    expect(stderr).toMatch(
      /CA that signed the server's certificate \(PEM file\): CN=temporal-fargate sandbox CA, valid/,
    );
    expect(stdout).toContain('secret with the Temporal credentials');
  });

  it('takes the key until its line is taken out of the file, or its time is over', async () => {
    const key = readFileSync(pathOf('API key'), 'utf8').trim();
    const connection = await Connection.connect({
      address: address(),
      tls: { serverRootCACertificate: readFileSync(pathOf('CA certificate')) },
      apiKey: key,
    });
    try {
      const ask = () => connection.workflowService.getSystemInfo({});
      await expect(ask()).resolves.toHaveProperty('serverVersion');
      writeFileSync(pathOf('accepted keys'), `another\n${key} 2020-01-01T00:00:00Z\n`);
      await expect(ask()).rejects.toThrow(/UNAUTHENTICATED/);
      writeFileSync(pathOf('accepted keys'), `another\n${key} 2100-01-01T00:00:00Z\n`);
      await expect(ask()).resolves.toHaveProperty('serverVersion');
      rmSync(pathOf('accepted keys'));
      await expect(ask()).rejects.toThrow(/UNAUTHENTICATED/);
    } finally {
      await connection.close();
    }
  });

  it('is stopped without a trace', async () => {
    expect(await run('sandbox stop')).toMatchObject({ code: 0, stdout: 'Sandbox stopped; nothing of it is left.\n' });
    expect(readdirSync(home)).toEqual([]);
  });
});

describe('sandbox start --temporal-auth mtls', () => {
  it('says where the client certificate and its key are, and lets in who has them and nobody else', async () => {
    started = await run('sandbox start --temporal-auth mtls --delay 0.2');
    expect(started.code).toBe(0);
    const serverRootCACertificate = readFileSync(pathOf('CA certificate'));
    const [crt, key] = [readFileSync(pathOf('client certificate')), readFileSync(pathOf('its key'))];
    expect(statSync(pathOf('its key')).mode & 0o777).toBe(0o600);
    expect(started.stdout + started.stderr).not.toContain('PRIVATE KEY');

    const known = { serverRootCACertificate, clientCertPair: { crt, key } };
    const connection = await Connection.connect({ address: address(), tls: known });
    await connection.close();
    const stranger = Connection.connect({
      address: address(),
      tls: { serverRootCACertificate },
      connectTimeout: '2 seconds',
    });
    await expect(stranger).rejects.toThrow();
  });
});
