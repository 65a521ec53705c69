import * as z from 'zod';
import { MOST_EXTRA_GROUPS } from './extras-options.ts';
import { RETENTION_DAYS, sizeProblem } from './fargate.ts';
import { github } from './github.ts';
import { isLoopback } from './network.ts';
import { network } from './network-config.ts';
import { STACK_NAME } from './stack-name.ts';

const existingSecret = z.strictObject({
  /** The whole ARN, with its random suffix: policies and task definitions know the secret by nothing less. */
  arn: z.string(),
  /** Id of the value that is current; tasks read it when they start. Absent until AWS was asked. */
  version: z.string().optional(),
  /** Customer-managed KMS key (its id, ARN or alias) that encrypts it; absent for the key of AWS itself. */
  kmsKey: z.string().optional(),
});

const workerSecret = existingSecret.extend({
  /** The value is what the secret's JSON object has under this key; left out, all of the secret. */
  jsonKey: z.string().optional(),
});

const temporal = z
  .strictObject({
    /** `host:port` */
    address: z.string().min(1),
    namespace: z.string().min(1),
    auth: z.enum(['api-key', 'mtls', 'none']),
    tls: z.boolean(),
    /** PEM of the CAs that may sign the server's certificate; left out for the public ones. */
    serverCaCert: z.string().optional(),
    /** Name in the server's certificate, where it is not the address's host. */
    serverName: z.string().optional(),
    /** One that was there before: used, and never changed or deleted. Left out, the stack makes its own. */
    secret: existingSecret.optional(),
  })
  .refine(({ auth, tls, address }) => auth !== 'api-key' || tls || isLoopback(address), {
    error: 'an API key is not sent to another machine without TLS, neither by this program nor by the worker',
    path: ['tls'],
  })
  .refine(({ auth, tls }) => auth !== 'mtls' || tls, { error: 'a client certificate is a part of TLS', path: ['tls'] });

const scaling = z
  .strictObject({
    min: z.int().min(0).max(1000),
    max: z.int().min(1).max(1000),
    /** Percent of CPU, one-minute averages. */
    scaleOutAt: z.number().min(1).max(100),
    /** Percentage points above `scaleOutAt` from which two tasks are added at once. */
    fastScaleOutAbove: z.number().min(1),
    scaleOutMinutes: z.int().min(1),
    scaleOutCooldownSeconds: z.int().min(0),
    scaleInAt: z.number().min(0).max(100),
    scaleInMinutes: z.int().min(1),
    scaleInCooldownSeconds: z.int().min(0),
  })
  .refine((value) => value.min <= value.max, {
    error: 'the smallest number of tasks is above the largest',
    path: ['min'],
  })
  .refine((value) => value.scaleInAt < value.scaleOutAt, {
    error: 'tasks would be added and removed at the same load',
    path: ['scaleInAt'],
  });

const worker = z
  .strictObject({
    name: z.string().regex(STACK_NAME),
    taskQueue: z.string().min(1),
    /** CPU units: 1024 = 1 vCPU. */
    cpu: z.int(),
    /** MiB */
    memory: z.int(),
    architecture: z.enum(['x86_64', 'arm64']),
    /** What the worker's own layers are put on; left out, the official Node image on Debian slim. */
    baseImage: z.string().optional(),
    /**
     * `folder`: a worker of the user's, whose folder only the runs that deploy it know. `image`: one that the user has
     * built. Left out: the bundled one.
     */
    source: z.enum(['folder', 'image']).optional(),
    /** Where the user's image is, as it was given: by tag, by digest or both. */
    image: z.string().optional(),
    /** `sha256:<64 hex>` of what that names today, for the architecture. Absent until its registry was asked. */
    imageDigest: z.string().optional(),
    /** The folder is built by its Dockerfile. */
    docker: z.literal(true).optional(),
    /** The packages that the user's worker depends on run their install scripts. */
    installScripts: z.literal(true).optional(),
    /** Tasks that always run on demand. The weights split the rest; they do not fail over. */
    onDemandBase: z.int().min(0),
    spotWeight: z.int().min(0).max(1000),
    onDemandWeight: z.int().min(0).max(1000),
    /** Seconds between SIGTERM and SIGKILL; Fargate allows 2 to 120. */
    stopTimeoutSeconds: z.int().min(2).max(120),
    /** Groups of other people that the tasks are in as well; never changed or deleted. */
    securityGroupIds: z.array(z.string()).min(1).max(MOST_EXTRA_GROUPS).optional(),
    /** Variables of its own, by name. They are shown. */
    environment: z.record(z.string(), z.string()).optional(),
    /** Variables whose values only Secrets Manager has, by name. */
    secrets: z.record(z.string(), workerSecret).optional(),
    /** IAM policy of what its code may do; as it was written. */
    taskPolicy: z.record(z.string(), z.unknown()).optional(),
    /** Managed policies that are attached to its role. */
    taskPolicyArns: z.array(z.string()).optional(),
    scaling,
    /** Nothing of it runs and nothing scales it, until `resume`. No answer: `pause` and `resume` alone set it. */
    paused: z.literal(true).optional(),
  })
  .superRefine((value, context) => {
    const problem = sizeProblem(value.cpu, value.memory);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem, path: ['memory'] });
    const twice = Object.keys(value.secrets ?? {}).find((name) => value.environment?.[name] !== undefined);
    if (twice !== undefined) {
      const message = `${twice} is given both by its value and from a secret`;
      context.addIssue({ code: 'custom', message, path: ['environment'] });
    }
    if (value.source === 'image' && !value.image) {
      context.addIssue({ code: 'custom', message: 'the worker is an image, and nothing says which', path: ['image'] });
    }
    if (value.docker && value.source !== 'folder') {
      const message = 'Docker builds the folder of --worker-dir, and this worker has none';
      context.addIssue({ code: 'custom', message, path: ['docker'] });
    }
    if (value.spotWeight + value.onDemandWeight === 0) {
      context.addIssue({ code: 'custom', message: 'Spot and on-demand weight cannot both be 0', path: ['spotWeight'] });
    }
  });

export const stackConfig = z
  .strictObject({
    stack: z.string().regex(STACK_NAME),
    region: z.string().min(1),
    /** Whom it is for, found out from the credentials: names and policies carry it. */
    accountId: z.string().regex(/^\d{12}$/),
    /** `aws`, `aws-cn`, `aws-us-gov` */
    partition: z.string().min(1),
    temporal,
    network,
    logRetentionDays: z.literal([...RETENTION_DAYS]),
    /** Whether there is a bucket for what the worker writes. Documents of versions that always made one do not say. */
    dataBucket: z.boolean().default(true),
    /** Days after which S3 deletes what is in it. Left out: never. */
    dataExpireDays: z.int().min(1).optional(),
    /** Put on everything besides the tags by which things are known to be ours. */
    tags: z.record(z.string(), z.string()).optional(),
    /** ARN of the policy that limits what the roles' own policies can allow. */
    permissionsBoundary: z.string().optional(),
    /** The only TCP ports to which tasks may open connections, besides 443 and Temporal's. Left out: everything out is open. */
    egressPorts: z
      .array(z.strictObject({ from: z.int(), to: z.int() }))
      .min(1)
      .optional(),
    workers: z.array(worker).min(1),
    /** The repository whose workflows may deploy. No answer: `ci github` alone sets it. */
    github: github.optional(),
  })
  .refine(({ workers }) => new Set(workers.map(({ name }) => name)).size === workers.length, {
    error: 'two workers have the same name',
    path: ['workers'],
  })
  .superRefine(({ temporal: { secret }, workers, partition, region }, context) => {
    const isHere = ({ arn }: { arn: string }): boolean => arn.startsWith(`arn:${partition}:secretsmanager:${region}:`);
    const message = 'the secret has to be in the partition and region of the stack';
    if (secret && !isHere(secret)) context.addIssue({ code: 'custom', message, path: ['temporal', 'secret', 'arn'] });
    for (const [index, { secrets = {} }] of workers.entries()) {
      const [name] = Object.entries(secrets).find(([, reference]) => !isHere(reference)) ?? [];
      const path = ['workers', index, 'secrets'];
      if (name !== undefined) context.addIssue({ code: 'custom', message: `${name}: ${message}`, path });
    }
  });

/** Everything that is asked, parsed: the only input that engine and steps see. Holds no secret. */
export type StackConfig = z.infer<typeof stackConfig>;
export type WorkerConfig = z.infer<typeof worker>;
