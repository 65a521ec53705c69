import type { KeyValuePair, Secret } from '@aws-sdk/client-ecs';
import type { StackConfig, WorkerConfig } from '../../config/schema.ts';
import { secretToRead } from '../secrets/read-secret.ts';
import { sizeEnvironment } from './task-sizes.ts';

interface Sources {
  /** Absent: the image is the user's. */
  readonly image?: { readonly id: string } | undefined;
  readonly dataBucket?: { readonly id: string } | undefined;
  /** The stack's own with the Temporal credentials. */
  readonly secret?: { readonly id: string; readonly currentVersion: string } | undefined;
}

/** What a container knows of its surroundings, as a container definition has it: variables, and where secret ones are. */
interface TaskEnvironment {
  readonly environment: KeyValuePair[];
  readonly secrets: Secret[];
  /** Tasks read secrets when they start: a new value has to make a new revision. */
  readonly dockerLabels: Record<string, string>;
}

/** @param secretKeys variables that the Temporal credentials go into; the keys of that secret's JSON */
export function taskEnvironment(
  config: StackConfig,
  worker: WorkerConfig,
  secretKeys: readonly string[],
  from: Sources,
): TaskEnvironment {
  const credentials = secretToRead(config, from.secret);
  const own = Object.entries(worker.secrets ?? {});
  return {
    environment: Object.entries({ ...worker.environment, ...ourVariables(config, worker, from) }).map(
      ([name, value]) => ({ name, value }),
    ),
    secrets: [
      ...secretKeys.map((name) => ({ name, valueFrom: valueFrom(credentials?.arn ?? '', name) })),
      ...own.map(([name, { arn, jsonKey }]) => ({ name, valueFrom: valueFrom(arn, jsonKey) })),
    ],
    dockerLabels: {
      ...(credentials && { [VERSION_LABEL]: credentials.version }),
      ...Object.fromEntries(own.map(([name, { version }]) => [`${VERSION_LABEL}.${name}`, version ?? ''])),
    },
  };
}

const VERSION_LABEL = 'temporal-fargate.secret-version';

/** <ARN>:<json key>:<version stage>:<version id>, where the empty ones mean the current version; or the ARN for all of it. */
const valueFrom = (arn: string, jsonKey: string | undefined): string =>
  jsonKey === undefined ? arn : `${arn}:${jsonKey}::`;

/** Of the image that was pushed, or of the user's. */
export const digestOf = ({ imageDigest }: WorkerConfig, { image }: Pick<Sources, 'image'>): string =>
  image?.id ?? imageDigest ?? '';

function ourVariables({ stack, temporal }: StackConfig, worker: WorkerConfig, from: Sources): Record<string, string> {
  return {
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    TEMPORAL_TASK_QUEUE: worker.taskQueue,
    TEMPORAL_TLS: String(temporal.tls),
    ...(temporal.serverCaCert !== undefined && { TEMPORAL_TLS_SERVER_CA_CERT_DATA: temporal.serverCaCert }),
    ...(temporal.serverName !== undefined && { TEMPORAL_TLS_SERVER_NAME: temporal.serverName }),
    TEMPORAL_FARGATE_STACK: stack,
    TEMPORAL_FARGATE_IMAGE_DIGEST: digestOf(worker, from),
    TEMPORAL_FARGATE_STOP_TIMEOUT: String(worker.stopTimeoutSeconds),
    ...(from.dataBucket && { DATA_BUCKET: from.dataBucket.id }),
    ...sizeEnvironment(worker),
  };
}
