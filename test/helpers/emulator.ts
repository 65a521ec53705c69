import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ECRClient } from '@aws-sdk/client-ecr';
import { ECSClient } from '@aws-sdk/client-ecs';
import { IAMClient } from '@aws-sdk/client-iam';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { STSClient } from '@aws-sdk/client-sts';
import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@smithy/types';
import { afterAll, beforeAll } from 'vitest';
import type { Emulator, EmulatorAddress, EmulatorOptions } from '../../src/sandbox/emulator.ts';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import { forkEmulator } from './fork-emulator.ts';
import { testCacheDir } from './paths.ts';

export { testCacheDir } from './paths.ts';

export interface LoggedCall {
  readonly n: number;
  readonly at: number;
  readonly service: string;
  readonly operation: string;
  readonly params: Record<string, unknown>;
  readonly status: number | null;
  readonly error: string | null;
  readonly principal: string;
  readonly mutating: boolean;
  readonly agent: string;
  /** Kind of the fault that struck this call. */
  readonly fault: string | null;
}

/** service -> kind -> id -> fields */
export type Inventory = Record<string, Record<string, Record<string, Record<string, unknown>>>>;

export interface Fault {
  readonly kind:
    | 'error'
    | 'delay'
    | 'hang'
    | 'close'
    | 'close-before'
    | 'close-after'
    | 'signal'
    // What AWS or the network does, each service in its own words: see fault_answers.py.
    | 'server-error'
    | 'unavailable'
    | 'throttle'
    | 'garbled'
    | 'late'
    // From that call on: every call, and every call that needs the same permission.
    | 'expired'
    | 'denied';
  /** The operator's calls, or with `role` those of the tasks that have it; dry runs of EC2 only with `dryRun`. */
  readonly match?: {
    service?: string;
    operation?: string;
    region?: string;
    key?: string;
    role?: string;
    dryRun?: boolean;
  };
  readonly mutating?: boolean;
  /** Fires at the n-th matching call; 1 when left out. */
  readonly after?: number;
  readonly times?: number;
  readonly before?: boolean;
  readonly status?: number;
  readonly code?: string;
  readonly message?: string;
  readonly seconds?: number;
  readonly pid?: number;
  readonly signal?: string;
}

interface PlainConfig {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials: AwsCredentialIdentity | AwsCredentialIdentityProvider;
  readonly maxAttempts?: number;
}

export type Clients = ReturnType<typeof plainClients>;

/** Plain SDK clients that talk to an emulator and never retry by themselves. */
export function clientsFor(address: EmulatorAddress, region = address.region): Clients {
  const { endpoint, accessKeyId, secretAccessKey } = address;
  return plainClients({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 });
}

/** Clients without anything of this program. Without an endpoint they talk to AWS, which only `npm run test:live` may. */
export function plainClients(config: PlainConfig) {
  return {
    autoscaling: new ApplicationAutoScalingClient(config),
    cloudwatch: new CloudWatchClient(config),
    ec2: new EC2Client(config),
    ecr: new ECRClient(config),
    ecs: new ECSClient(config),
    iam: new IAMClient(config),
    logs: new CloudWatchLogsClient(config),
    quotas: new ServiceQuotasClient(config),
    s3: new S3Client({ ...config, forcePathStyle: config.endpoint !== undefined }),
    secrets: new SecretsManagerClient(config),
    sts: new STSClient(config),
    tagging: new ResourceGroupsTaggingAPIClient(config),
  };
}

/** The control endpoints of an emulator. */
export function controlOf({ endpoint, secretAccessKey }: EmulatorAddress) {
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${endpoint}/_sandbox/${path}`, {
      method,
      headers: { 'x-sandbox-key': secretAccessKey },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  };
  return {
    ask,
    reset: () => ask('POST', 'reset'),
    calls: async (since = 0) => ((await ask('GET', `calls?since=${since}`)) as { calls: LoggedCall[] }).calls,
    clearCalls: () => ask('DELETE', 'calls'),
    /** Everything that AWS is late with is known everywhere, settled and forgotten at once. */
    settle: () => ask('POST', 'settle'),
    inventory: () => ask('GET', 'inventory') as Promise<Inventory>,
    fault: (fault: Fault) => ask('POST', 'fault', fault),
    clearFaults: () => ask('DELETE', 'fault'),
  };
}

export type TestEmulator = ReturnType<typeof controlOf> & {
  readonly address: Emulator;
  readonly clients: Clients;
  /** Base time of its state changes. */
  readonly delaySeconds: number;
};

/** Starts an emulator for one test by itself; the caller stops it. */
export async function startTestEmulator(
  options: Partial<EmulatorOptions> = {},
): Promise<{ emulator: TestEmulator; stop(): Promise<void> }> {
  const environment = await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined });
  const workDir = mkdtempSync(join(tmpdir(), 'temporal-fargate-test-'));
  const delaySeconds = options.delaySeconds ?? 0.2;
  const address = await forkEmulator({ tasks: 'simulated', ...options, environment, workDir, delaySeconds });
  const clients = clientsFor(address);
  return {
    emulator: { ...controlOf(address), address, clients, delaySeconds },
    stop: async () => {
      for (const client of Object.values(clients)) client.destroy();
      await address.stop();
      rmSync(workDir, { recursive: true, force: true });
    },
  };
}

/**
 * One emulator for all tests of the file. Its members may be read inside tests and hooks only.
 *
 * @example const emulator = useEmulator({ delaySeconds: 0.2, tasks: 'simulated' });
 */
export function useEmulator(options: Partial<EmulatorOptions> = {}): TestEmulator {
  let started: Awaited<ReturnType<typeof startTestEmulator>> | undefined;
  beforeAll(async () => {
    started = await startTestEmulator(options);
  });
  afterAll(async () => {
    await started?.stop();
  });
  return new Proxy({} as TestEmulator, {
    get: (_target, name) => {
      if (started === undefined) throw new Error('the emulator runs only inside tests and hooks');
      return Reflect.get(started.emulator, name);
    },
  });
}

/** Waits until `probe` returns something that is not undefined or false; fails at the deadline. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  seconds = 40,
): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The error that a call must answer with; fails when it succeeds. */
export async function refusal(call: Promise<unknown>): Promise<{ name: string; message: string; status: number }> {
  try {
    await call;
  } catch (error) {
    const { name, message } = error as Error;
    const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
    return { name, message, status: $metadata?.httpStatusCode ?? 0 };
  }
  throw new Error('the call was not refused');
}
