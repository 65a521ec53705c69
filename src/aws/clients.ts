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
import { fromEnv, fromNodeProviderChain } from '@aws-sdk/credential-providers';
import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@smithy/types';
import { shapeRecorder } from './call-shapes.ts';
import { type FailedCall, forgetAnswer, type Purpose, rememberCall } from './failed-call.ts';
import { EnvironmentHandler } from './http-handler.ts';
import type { HasMiddleware } from './middleware.ts';
import { refuseImpostors } from './not-aws.ts';
import { Patient, PatientAndSlow, ThrottlingOnly } from './retries.ts';

export interface ConnectionOptions {
  readonly region: string;
  /** Named profile of the shared AWS files; the SDK's own provider chain otherwise. */
  readonly profile?: string | undefined;
  /** An emulator's address and key; against AWS the SDK itself reads AWS_ENDPOINT_URL and those of single services. */
  readonly endpoint?: string | undefined;
  readonly credentials?: AwsCredentialIdentity | AwsCredentialIdentityProvider | undefined;
  readonly cliVersion: string;
  /** How long an answer may take; half a minute when left out. */
  readonly requestTimeoutMs?: number | undefined;
  readonly caller?: Caller | undefined;
  /** What errors remember of their call. */
  readonly purpose?: Purpose | undefined;
  readonly hooks: CallHooks;
}

/** Which command makes the calls, and for which stack: CloudTrail keeps it with each of them, in `userAgent`. */
export interface Caller {
  /** As it is typed: "state show". */
  readonly command: string;
  /** Empty for all of them. */
  readonly stack: string;
}

export interface CallHooks {
  /** Awaited before every mutating call and each repetition of it; rejects when the lock was lost meanwhile. */
  beforeMutation(): Promise<void>;
  /** Runs after every call. `service` is the client's name: "EC2". */
  afterCall(call: { service: string; operation: string; mutating: boolean; ms: number; error?: Error }): void;
}

/** Throttling is normal while a stack is made; access denied and validation are never retried. */
const MAX_ATTEMPTS = 8;
const FIRST_ATTEMPTS = 3;

const READS = /^(Describe|List|Get|Head|BatchGet|BatchCheck)/;

export type Clients = ReturnType<typeof makeClients>;

/** The only place where SDK clients are built. */
export function makeClients(options: ConnectionOptions) {
  const { region, endpoint, profile } = options;
  const requestHandler = new EnvironmentHandler(process.env, options.requestTimeoutMs);
  const config = {
    region,
    credentials: options.credentials ?? credentialsOf(profile, requestHandler),
    customUserAgent: userAgentOf(options),
    requestHandler,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(profile === undefined ? {} : { profile }),
  };
  /** A strategy counts what it may still retry: one for each client. */
  const patient = () => ({ ...config, retryStrategy: new Patient(MAX_ATTEMPTS) });
  const slow = () => ({ ...config, retryStrategy: new PatientAndSlow(() => Promise.resolve(MAX_ATTEMPTS)) });
  const once = { ...config, retryStrategy: new ThrottlingOnly(MAX_ATTEMPTS) };
  const { AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 } = process.env;
  // Few servers but AWS's own have a host name for each bucket.
  const forcePathStyle = Boolean(endpoint ?? AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL);
  const s3Config = () => ({ ...patient(), forcePathStyle });
  const clients = {
    autoscaling: new ApplicationAutoScalingClient(patient()),
    cloudwatch: new CloudWatchClient(patient()),
    ec2: new EC2Client(slow()),
    /** For EC2 creates without a client token. */
    ec2Once: new EC2Client(once),
    ecr: new ECRClient(patient()),
    ecs: new ECSClient(patient()),
    /** For RegisterTaskDefinition, which makes a revision at each call. */
    ecsOnce: new ECSClient(once),
    iam: new IAMClient(slow()),
    logs: new CloudWatchLogsClient(patient()),
    quotas: new ServiceQuotasClient(patient()),
    s3: new S3Client(s3Config()),
    secrets: new SecretsManagerClient(patient()),
    /** Asked first: a wrong region or a dead network has to show in seconds, not minutes. */
    sts: new STSClient({ ...config, retryStrategy: new Patient(FIRST_ATTEMPTS) }),
    tagging: new ResourceGroupsTaggingAPIClient(patient()),
  };
  const { hooks, purpose } = options;
  for (const client of Object.values(clients)) observeCalls(client, hooks, { purpose });
  keepServerDate(clients.sts);

  // The state has its own client: its calls are counted apart and do not ask the lock they carry out.
  const state = new S3Client(s3Config());
  const unguarded = { beforeMutation: async () => undefined, afterCall: hooks.afterCall };
  observeCalls(state, unguarded, { purpose, ofState: true });
  keepServerDate(state);
  return { ...clients, state };
}

/** As AWS's own SDKs write it: name/version, and further facts as md/name#value. */
function userAgentOf({ cliVersion, caller }: ConnectionOptions): [name: string, value: string][] {
  const facts: [string, string][] = caller
    ? [
        ['md/command', caller.command.replaceAll(' ', '_')],
        ['md/stack', caller.stack],
      ]
    : [];
  return [['temporal-fargate', cliVersion], ...facts.filter(([, value]) => value !== '')];
}

/**
 * A profile that was asked for, else the keys of the environment, else the SDK's own chain: as in the AWS CLI, where keys
 * in the environment count more than AWS_PROFILE. What the chain asks (IAM Identity Center, STS) it asks by the same way.
 */
function credentialsOf(profile: string | undefined, requestHandler: EnvironmentHandler) {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env;
  if (profile === undefined && AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY) return fromEnv();
  return fromNodeProviderChain({
    clientConfig: { requestHandler },
    logger: SILENT,
    ...(profile === undefined ? {} : { profile }),
  });
}

const nothing = (): void => undefined;
/** Without a logger the chain writes to the console when a profile and keys are both there. */
const SILENT = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

/**
 * Gives all clients what `from` has learned of how far this machine's clock is off. Each learns it by itself, but only
 * from a refusal of its first call, and a create that must not be repeated would fail by that.
 */
export function shareClock(clients: Clients, from: Clients['sts']): void {
  const { systemClockOffset } = from.config;
  for (const client of Object.values(clients)) client.config.systemClockOffset = systemClockOffset;
}

/** What AWS calls a request whose time is wrong; also a wrong key, which is not mended by another try. */
const SKEWED = [
  'AuthFailure',
  'InvalidSignatureException',
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
];

/**
 * While this machine's clock is off, the SDK takes every refusal (no such bucket, not yet) for one that a corrected
 * clock has mended, and sends the call seven times more. Only those that are about the time may be.
 */
function retrySkewOnly(client: HasMiddleware): void {
  client.middlewareStack.addRelativeTo(
    (next: (args: unknown) => Promise<unknown>) => async (args: unknown) => {
      try {
        return await next(args);
      } catch (error) {
        const { name, $metadata } = error as Error & { $metadata?: { clockSkewCorrected?: boolean } };
        if ($metadata?.clockSkewCorrected && !SKEWED.includes(name)) $metadata.clockSkewCorrected = false;
        throw error;
      }
    },
    { relation: 'before', toMiddleware: 'httpSigningMiddleware', name: 'temporalFargateRetrySkewOnly', override: true },
  );
}

function observeCalls(client: HasMiddleware, hooks: CallHooks, about: Pick<FailedCall, 'purpose' | 'ofState'>): void {
  retrySkewOnly(client);
  refuseImpostors(client);
  const recordShape = shapeRecorder(process.env);
  client.middlewareStack.add(
    (next: (args: unknown) => Promise<{ output: unknown }>, context: { clientName?: string; commandName?: string }) =>
      async (args: { input: unknown }) => {
        const operation = (context.commandName ?? '').replace(/Command$/, '');
        const sdkName = (context.clientName ?? '').replace(/Client$/, '');
        const service = about.ofState ? 'State' : sdkName;
        const mutating = !READS.test(operation);
        if (mutating) await hooks.beforeMutation();
        const startedAt = performance.now();
        const report = (error?: Error): void =>
          hooks.afterCall({
            service,
            operation,
            mutating,
            ms: performance.now() - startedAt,
            ...(error ? { error } : {}),
          });
        try {
          const result = await next(args);
          report();
          recordShape?.({ service: sdkName, operation, input: args.input, output: result.output });
          return result;
        } catch (error) {
          rememberCall(error, { service: sdkName, operation, ...about });
          forgetAnswer(error);
          report(error as Error);
          recordShape?.({ service: sdkName, operation, input: args.input, error: error as Error });
          throw error;
        }
      },
    { step: 'initialize', name: 'temporalFargateObserveCalls', override: true },
  );
  client.middlewareStack.add(
    (next: (args: unknown) => Promise<unknown>, context: { commandName?: string }) => async (args: unknown) => {
      if (!READS.test(context.commandName ?? '')) await hooks.beforeMutation();
      return next(args);
    },
    // Inside of the SDK's retries and after the signing, so right before each attempt is sent.
    { step: 'finalizeRequest', priority: 'low', name: 'temporalFargateGuardAttempts', override: true },
  );
}

/**
 * Puts AWS's own clock into the answer's metadata (`serverDateOf`): a lease is judged by it, not by clocks of many
 * machines, and the first answer shows how far this machine's is off.
 */
function keepServerDate(client: HasMiddleware): void {
  client.middlewareStack.add(
    (next: (args: unknown) => Promise<{ output: { $metadata?: object }; response: unknown }>) =>
      async (args: unknown) => {
        const result = await next(args);
        const headers = (result.response as { headers?: Record<string, string> }).headers;
        const serverDate = Date.parse(headers?.date ?? '');
        if (result.output.$metadata && !Number.isNaN(serverDate))
          Object.assign(result.output.$metadata, { serverDate });
        return result;
      },
    // Outside of the deserializer, which makes the output.
    { step: 'deserialize', priority: 'high', name: 'temporalFargateServerDate', override: true },
  );
}

/** Milliseconds since the epoch by AWS's clock, in whole seconds, when an answer was sent by a client that keeps it. */
export const serverDateOf = ({ $metadata }: { $metadata: object }): number | undefined =>
  ($metadata as { serverDate?: number }).serverDate;
