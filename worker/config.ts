import type { NativeConnectionOptions } from '@temporalio/worker';
import { readConnection } from './connection-config.ts';
import { readSizes, type Sizes } from './sizes.ts';
import { readStopTimes, type StopTimes } from './stop-times.ts';

/** Everything that the task definition tells the worker. */
export interface WorkerConfig {
  readonly connection: NativeConnectionOptions;
  readonly namespace: string;
  readonly taskQueue: string;
  /** Bucket that activities write to; a stack may have none. */
  readonly dataBucket: string | undefined;
  /** First part of the worker's identity. */
  readonly stack: string;
  /** `sha256:<64 hex>` of the image that this task runs; undefined outside a container. */
  readonly imageDigest: string | undefined;
  /** ECS task metadata endpoint, version 4; undefined outside ECS. */
  readonly taskMetadataUri: string | undefined;
  /** S3 is not AWS's (an emulator on one address): bucket names go into the path, not into the host name. */
  readonly s3PathStyle: boolean;
  readonly sizes: Sizes;
  readonly stop: StopTimes;
}

/** All problems of the environment in one message, so that nobody has to redeploy once per mistake. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`the worker's environment is not usable: ${problems.join('; ')}`);
    this.problems = problems;
  }
}

/** Reads the environment variables; an empty one counts as not set. @throws {ConfigError} naming every problem. */
export function readConfig(variables: NodeJS.ProcessEnv): WorkerConfig {
  const env = withoutEmpty(variables);
  const problems: string[] = [];
  const required = (name: string): string => {
    if (!env[name]) problems.push(`${name} is not set`);
    return env[name] ?? '';
  };
  const config: WorkerConfig = {
    connection: readConnection(env, problems),
    namespace: required('TEMPORAL_NAMESPACE'),
    taskQueue: required('TEMPORAL_TASK_QUEUE'),
    dataBucket: env.DATA_BUCKET,
    stack: env.TEMPORAL_FARGATE_STACK ?? 'local',
    imageDigest: env.TEMPORAL_FARGATE_IMAGE_DIGEST,
    taskMetadataUri: env.ECS_CONTAINER_METADATA_URI_V4,
    s3PathStyle: Boolean(env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL),
    sizes: readSizes(env, problems),
    stop: readStopTimes(env.TEMPORAL_FARGATE_STOP_TIMEOUT, problems),
  };
  if (config.imageDigest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(config.imageDigest)) {
    problems.push('TEMPORAL_FARGATE_IMAGE_DIGEST is not of the form sha256:<64 hex digits>');
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function withoutEmpty(variables: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => Boolean(entry[1]?.trim())),
  );
}
