import { AsyncLocalStorage } from 'node:async_hooks';
import { arch } from 'node:os';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { type CallHooks, type Clients, makeClients, serverDateOf, shareClock } from '../aws/clients.ts';
import { isUnsettled } from '../aws/errors.ts';
import { isLoopback } from '../config/network.ts';
import type { Known } from '../config/option.ts';
import { type Clock, realClock } from '../engine/wait.ts';
import { UserError, usageError } from '../errors.ts';
import type { TemporalAccess } from '../sandbox/temporal-access.ts';
import type { CommandInput } from './input.ts';
import { purposeOf } from './purpose.ts';
import { type Region, regionOf } from './region.ts';
import { runningSandbox } from './sandbox-home.ts';

export interface CallCounts {
  /** Calls of the work itself. */
  aws: number;
  /** Looks made only because something takes its time. */
  polls: number;
  /**
   * Looks at the account before anything is made: what they cost depends on what is to be checked, not on the work, so
   * that they have no part in its budget.
   */
  preflight: number;
  /** Changes that AWS refused because something else had not settled yet, each made again a moment later. */
  refused: number;
  /** Calls of the state store. */
  state: number;
}

/** One account and region that answered, and everything that belongs to the connection. */
export interface Connection extends Region {
  readonly accountId: string;
  readonly partition: string;
  readonly region: string;
  readonly caller: string;
  /** AWS's clock minus this machine's, to the second; `undefined` when its answer had no date. */
  readonly clockOffsetMs: number | undefined;
  readonly stack: string;
  readonly clients: Clients;
  readonly clock: Clock;
  /** 1 against AWS; less against an emulator, whose changes take less time. Multiplies intervals, never deadlines. */
  readonly timeScale: number;
  readonly counts: CallCounts;
  /** Set when the endpoint is an emulator on this machine. */
  readonly emulator:
    | { readonly temporalAddress: string | undefined; readonly temporalAccess: TemporalAccess | undefined }
    | undefined;
  readonly polling: <T>(look: () => Promise<T>) => Promise<T>;
  /** Counts the calls of `look` as preflight. */
  readonly checking: <T>(look: () => Promise<T>) => Promise<T>;
  /** Set by whoever holds the lock: asked before every mutating call. */
  guard: () => Promise<void>;
  /** The same account in another region; to be closed by itself. */
  elsewhere(region: string): Region;
}

/** Finds out who we are and where. Throws what AWS says about the credentials. */
export async function connect(
  input: CommandInput,
  where: { stack: string; region: string; profile: string },
): Promise<Connection> {
  const { env, cliVersion, flags } = input;
  const sandbox = flags.sandbox ? await runningSandbox(input) : undefined;
  const endpoint = sandbox?.endpoint ?? endpointOf(env);
  const local = endpoint !== undefined && isLoopback(new URL(endpoint).host);
  if (flags.sandbox && !local)
    throw usageError('the sandbox has to be on this machine', 'Run: temporal-fargate sandbox start');
  const timeScale = local ? timeScaleOf(sandbox?.delaySeconds, env) : 1;

  const counts: CallCounts = { aws: 0, polls: 0, preflight: 0, refused: 0, state: 0 };
  const purpose = new AsyncLocalStorage<'polls' | 'preflight'>();
  const connection: Pick<Connection, 'guard'> = { guard: async () => undefined };
  const hooks: CallHooks = {
    beforeMutation: () => connection.guard(),
    afterCall({ service, operation, mutating, ms, error }) {
      if (service === 'State') counts.state += 1;
      else if (purpose.getStore() === undefined && mutating && error && isUnsettled(error)) counts.refused += 1;
      else counts[purpose.getStore() ?? 'aws'] += 1;
      if (flags.debug)
        input.io.note(`debug: ${service} ${operation} ${Math.round(ms)} ms${error ? ` ${error.name}` : ''}`);
    },
  };
  const region = sandbox?.region ?? where.region;
  const timeout = local && env.TEMPORAL_FARGATE_REQUEST_SECONDS;
  const options = {
    endpoint: sandbox?.endpoint,
    profile: profileOf(input, where.profile),
    cliVersion,
    caller: { command: input.command, stack: where.stack },
    requestTimeoutMs: timeout ? Number(timeout) * 1000 : undefined,
    hooks,
    purpose: purposeOf(input, where),
  };
  const clients = makeClients({
    ...options,
    region,
    credentials: sandbox && { accessKeyId: sandbox.accessKeyId, secretAccessKey: sandbox.secretAccessKey },
  });
  const askedAt = Date.now();
  const identity = await clients.sts.send(new GetCallerIdentityCommand({}));
  const { Account, Arn } = identity;
  shareClock(clients, clients.sts);
  input.signal.throwIfAborted();
  // The SDK takes any page for an empty answer: that of a captive portal, for example.
  if (Account === undefined) throw notAws(endpoint);
  const accountId = Account;
  const partition = Arn?.split(':')[1] ?? 'aws';
  const lease = local && env.TEMPORAL_FARGATE_LEASE_SECONDS;
  const common = {
    accountId,
    partition,
    stack: where.stack,
    cliVersion,
    leaseSeconds: lease ? Number(lease) : undefined,
    onMended: (settings: readonly string[]) =>
      input.io.warn(`The state bucket had been changed; put back: ${settings.join(', ')}.`),
  };

  return Object.assign(connection, {
    accountId,
    partition,
    region,
    caller: Arn ?? '',
    clockOffsetMs: offsetOf(serverDateOf(identity), askedAt),
    stack: where.stack,
    clients,
    clock: realClock,
    timeScale,
    counts,
    emulator: local
      ? { temporalAddress: sandbox?.temporalAddress, temporalAccess: sandbox?.temporalAccess }
      : undefined,
    polling: <T>(look: () => Promise<T>) => purpose.run('polls', look),
    checking: <T>(look: () => Promise<T>) => purpose.run('preflight', look),
    ...regionOf({ ...common, clients, region }),
    elsewhere: (other: string) => {
      // The same credentials: nobody is asked for a second factor in every region.
      const others = makeClients({ ...options, region: other, credentials: clients.sts.config.credentials });
      shareClock(others, clients.sts);
      return regionOf({ ...common, clients: others, region: other });
    },
  });
}

/** The SDK reads these variables, and would not say which of them is wrong. Throws a usage error. */
function endpointOf(env: NodeJS.ProcessEnv): string | undefined {
  for (const [name, value] of Object.entries(env)) {
    if (!/^AWS_ENDPOINT_URL(_|$)/.test(name) || !value?.trim() || URL.canParse(value)) continue;
    throw usageError(`${name} is no URL: "${value}"`, 'Unset it, or write it like https://host:port.');
  }
  return env.AWS_ENDPOINT_URL?.trim() || undefined;
}

/** As in the AWS CLI: keys in the environment count more than AWS_PROFILE, and less than a profile that is asked for. */
function profileOf({ env, flags, io }: CommandInput, profile: string): string | undefined {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_PROFILE } = env;
  const keys = Boolean(AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY);
  if (!profile || !keys || flags.answers.profile !== undefined || profile !== AWS_PROFILE?.trim())
    return profile || undefined;
  io.note('AWS_ACCESS_KEY_ID is set, so its account is used and not the profile of AWS_PROFILE.');
  return undefined;
}

/** The answer was made somewhere between the question and now. */
const offsetOf = (serverDate: number | undefined, askedAt: number): number | undefined =>
  serverDate === undefined ? undefined : serverDate - Math.min(Date.now(), Math.max(askedAt, serverDate));

function notAws(endpoint: string | undefined): UserError {
  return new UserError({
    code: 'AWS_GARBLED',
    message: `calling STS GetCallerIdentity: what answered${endpoint ? ` at ${endpoint}` : ''} is not AWS`,
    fix: 'A proxy, a captive portal or AWS_ENDPOINT_URL may be in the way: check the network, then run the same command again.',
  });
}

/** An emulator's NAT gateway takes `delaySeconds` instead of about 20 polls of a second: waits shrink alike. */
function timeScaleOf(delaySeconds: number | undefined, env: NodeJS.ProcessEnv): number {
  const given = Number(env.TEMPORAL_FARGATE_TIME_SCALE);
  if (given > 0) return given;
  return Math.min(1, (delaySeconds ?? 1) / 20);
}

export const hostArchitecture = (): 'arm64' | 'x86_64' => (arch() === 'arm64' ? 'arm64' : 'x86_64');

/** What defaults depend on, once connected. AWS is asked only for what the answers do not say. */
export function knownOf({ emulator }: Connection, told: Omit<Known, 'sandbox'>): Known {
  return {
    ...told,
    sandbox: emulator && { temporalAddress: emulator.temporalAddress, architecture: hostArchitecture() },
  };
}
