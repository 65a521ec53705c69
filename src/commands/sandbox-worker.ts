import { bucketTags, type OwnBucket } from '../aws/bucket.ts';
import { OPTIONS } from '../config/options.ts';
import type { SandboxRecord } from '../sandbox/sandbox.ts';
import { dataBucketName } from '../steps/data/data-bucket.ts';
import { connect } from './connect.ts';
import type { CommandInput } from './input.ts';
import { sandboxAnswers } from './sandbox-home.ts';

/** Namespace of the sandbox's Temporal server. */
export const SANDBOX_NAMESPACE = 'default';

/** Seconds between SIGTERM and SIGKILL: nobody who changes a file waits two minutes for what it replaces. */
export const STOP_SECONDS = 10;

/**
 * The environment of a worker that runs on the sandbox: the contract of a task (docs/worker-contract.md), with the rest of
 * this process's own, but nothing of the person's AWS account and Temporal server.
 */
export function sandboxWorkerEnvironment(
  env: NodeJS.ProcessEnv,
  sandbox: SandboxRecord,
  { taskQueue, dataBucket }: { readonly taskQueue: string; readonly dataBucket: string | undefined },
): NodeJS.ProcessEnv {
  const others = Object.entries(env).filter(([name]) => !/^(AWS|TEMPORAL)_/.test(name) && name !== 'DATA_BUCKET');
  const access = Object.entries(sandboxAnswers(sandbox.temporalAccess)).flatMap(([key, value]) => {
    const name = OPTIONS.find((option) => option.key === key)?.env[0] ?? '';
    return name.startsWith('TEMPORAL_FARGATE') ? [] : [[name, String(value).trim()]];
  });
  return {
    ...Object.fromEntries(others),
    TEMPORAL_TLS: 'false',
    ...Object.fromEntries(access),
    TEMPORAL_ADDRESS: sandbox.temporalAddress,
    TEMPORAL_NAMESPACE: SANDBOX_NAMESPACE,
    TEMPORAL_TASK_QUEUE: taskQueue,
    TEMPORAL_FARGATE_STOP_TIMEOUT: String(STOP_SECONDS),
    ...(dataBucket !== undefined && { DATA_BUCKET: dataBucket }),
    AWS_ENDPOINT_URL: sandbox.endpoint,
    AWS_REGION: sandbox.region,
    AWS_ACCESS_KEY_ID: sandbox.accessKeyId,
    AWS_SECRET_ACCESS_KEY: sandbox.secretAccessKey,
  };
}

/** The data bucket that `init --sandbox` made for a stack; undefined when there is none. */
export async function sandboxDataBucket(input: CommandInput, stack: string): Promise<string | undefined> {
  const inSandbox = { ...input, flags: { ...input.flags, sandbox: true } };
  const connection = await connect(inSandbox, { stack, region: '', profile: '' });
  try {
    const { accountId, region, clients } = connection;
    const own: OwnBucket = { Bucket: dataBucketName(stack, accountId, region), ExpectedBucketOwner: accountId };
    return (await bucketTags(clients.s3, own)) === undefined ? undefined : own.Bucket;
  } finally {
    connection.close();
  }
}
