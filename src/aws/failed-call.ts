/** The call that an error came from; the SDK's errors do not say it themselves. */
export interface FailedCall {
  /** The SDK's name: "EC2". */
  readonly service: string;
  readonly operation: string;
  readonly purpose?: Purpose | undefined;
  /** Whether it was about the state of stacks, or its bucket. */
  readonly ofState?: boolean;
}

/** What a person was about when the call was made. */
export interface Purpose {
  /** As `policy --for` takes it: "init". */
  readonly command: string;
  /** The flags by which it finds the stack: "--stack dev". */
  readonly flags: string;
  /** What has to be added to these, in a sentence, where this run cannot say it exactly. */
  readonly besides?: string;
}

const failedCalls = new WeakMap<object, FailedCall>();

export function rememberCall(error: unknown, call: FailedCall): void {
  if (typeof error === 'object' && error !== null) failedCalls.set(error, call);
}

export const failedCallOf = (error: object): FailedCall | undefined => failedCalls.get(error);

/** What S3 says of a bucket in another region, and nowhere else. */
const REGION_HEADER = 'x-amz-bucket-region';

/**
 * Lets go of the answer that an error of the SDK holds on to: through it the request is reached, and with that the session
 * token and whatever secret was sent. Only that there was an answer stays to be seen, and where S3 has the bucket.
 */
export function forgetAnswer(error: unknown): void {
  const { $response } = error as { $response?: { body?: unknown; headers?: Record<string, string> } };
  if (typeof $response !== 'object' || $response === null) return;
  const region = $response.headers?.[REGION_HEADER];
  Object.assign($response, { body: undefined, headers: region === undefined ? {} : { [REGION_HEADER]: region } });
}

/** Prefix of IAM actions by the SDK's name of the service. */
const IAM_PREFIX: Readonly<Record<string, string>> = {
  ApplicationAutoScaling: 'application-autoscaling',
  CloudWatch: 'cloudwatch',
  CloudWatchLogs: 'logs',
  EC2: 'ec2',
  ECR: 'ecr',
  ECS: 'ecs',
  IAM: 'iam',
  ResourceGroupsTaggingAPI: 'tag',
  S3: 's3',
  SecretsManager: 'secretsmanager',
  ServiceQuotas: 'servicequotas',
  STS: 'sts',
};

/** Operations of S3 whose action has another name. Source: Service Authorization Reference, "Amazon S3" (2026-11). */
const S3_ACTION: Readonly<Record<string, string>> = {
  DeleteBucketLifecycle: 'PutLifecycleConfiguration',
  DeleteObjects: 'DeleteObject',
  GetBucketEncryption: 'GetEncryptionConfiguration',
  GetBucketLifecycleConfiguration: 'GetLifecycleConfiguration',
  GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
  HeadBucket: 'ListBucket',
  HeadObject: 'GetObject',
  ListMultipartUploads: 'ListBucketMultipartUploads',
  ListObjectsV2: 'ListBucket',
  ListObjectVersions: 'ListBucketVersions',
  PutBucketEncryption: 'PutEncryptionConfiguration',
  PutBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
  PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
};

/** The IAM action that allows the call: "s3:ListBucket" for HeadBucket. */
export function iamActionOf({ service, operation }: FailedCall): string {
  const action = (service === 'S3' && S3_ACTION[operation]) || operation;
  return `${IAM_PREFIX[service] ?? service.toLowerCase()}:${action}`;
}
