import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import type { CallShape } from '../../src/aws/call-shapes.ts';
import { sandboxStatus } from '../../src/sandbox/sandbox.ts';
import { BIN } from '../helpers/cli.ts';
import { type Clients, plainClients } from '../helpers/emulator.ts';

/** AWS, or the emulator in its place: the same program, told apart by flags and environment alone. */
export interface Account {
  readonly name: 'AWS' | 'emulator';
  readonly region: string;
  readonly env: NodeJS.ProcessEnv;
  /** "--sandbox" */
  readonly flags: readonly string[];
  /** Plain ones of the SDK, which know nothing of this program. */
  readonly clients: Clients;
}

export function liveAccount(env: NodeJS.ProcessEnv, region: string): Account {
  const credentials = fromNodeProviderChain();
  return { name: 'AWS', region, env, flags: ['--region', region], clients: plainClients({ region, credentials }) };
}

/** Of the sandbox that runs with this TEMPORAL_FARGATE_HOME. */
export async function sandboxAccount(name: Account['name'], env: NodeJS.ProcessEnv): Promise<Account> {
  const sandbox = await sandboxStatus({ home: env.TEMPORAL_FARGATE_HOME ?? '' });
  if (sandbox === undefined) throw new Error('the sandbox does not run');
  const { region, endpoint, accessKeyId, secretAccessKey } = sandbox;
  const clients = plainClients({ region, endpoint, credentials: { accessKeyId, secretAccessKey } });
  return { name, region, env, flags: ['--sandbox'], clients };
}

/** The built program, run in one account; what it asks of AWS is kept in `shapes`. */
export class Program {
  readonly account: Account;
  private readonly folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-live-'));
  private readonly shapesFile = join(this.folder, 'shapes.ndjson');

  constructor(account: Account) {
    this.account = account;
    writeFileSync(this.shapesFile, '');
  }

  /** The last `result` of the command. Throws when it fails; its story goes to standard error as it is told. */
  async run(args: readonly string[], bin = BIN): Promise<Record<string, unknown>> {
    const { env, flags, name } = this.account;
    process.stderr.write(`\n# ${name}\n$ npx temporal-fargate ${[...args, ...flags].join(' ')}\n`);
    const child = spawn(process.execPath, [bin, ...args, ...flags, '--json'], {
      env: { ...env, TEMPORAL_FARGATE_CALL_SHAPES: this.shapesFile },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
    const lines = stdout.trim().split('\n');
    const last = JSON.parse(lines.at(-1) || '{}') as { result?: Record<string, unknown>; message?: string };
    if (code !== 0 || last.result === undefined)
      throw new Error(`temporal-fargate ${args[0]} ended with exit code ${code}: ${last.message ?? lines.at(-1)}`);
    return last.result;
  }

  /** The same program with another release of the bundled worker in it, as a new version of the package would be. */
  nextRelease(): string {
    const folder = join(this.folder, 'next');
    cpSync(dirname(BIN), folder, { recursive: true });
    // Outside of the package, whose package.json says that the bundle is ES modules.
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'worker/dist/main.js'), '\n// the next release\n', { flag: 'a' });
    return join(folder, 'bin.js');
  }

  shapes(): CallShape[] {
    const lines = readFileSync(this.shapesFile, 'utf8').trim().split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as CallShape);
  }

  close(): void {
    for (const client of Object.values(this.account.clients)) client.destroy();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
