import type { ErrorKind } from '../engine/context.ts';

/**
 * What AWS's error codes mean, in one table per meaning; facts and sources in the AWS API reference of each
 * operation. Errors are known by `name` (for EC2 the SDK sets it to the code).
 */
interface Code {
  readonly name: string;
  /** Where one code means several things, the message decides; AWS may change it, so match as little as possible. */
  readonly message?: RegExp;
}

const codes = (...names: string[]): Code[] => names.map((name) => ({ name }));

const NOT_FOUND: readonly Code[] = [
  ...codes(
    'InvalidVpcID.NotFound',
    'InvalidSubnetID.NotFound',
    'InvalidInternetGatewayID.NotFound',
    'Gateway.NotAttached',
    'InvalidAllocationID.NotFound',
    'NatGatewayNotFound',
    'InvalidRouteTableID.NotFound',
    'InvalidRouteTableId.NotFound',
    'InvalidRoute.NotFound',
    'InvalidAssociationID.NotFound',
    'InvalidVpcEndpointId.NotFound',
    'InvalidVpcEndpoint.NotFound',
    'InvalidGroup.NotFound',
    'InvalidSecurityGroupID.NotFound',
    'InvalidPermission.NotFound',
    'InvalidNetworkInterfaceID.NotFound',
    'NoSuchBucket',
    'NoSuchKey',
    'NotFound',
    'NoSuchBucketPolicy',
    'NoSuchTagSet',
    'NoSuchPublicAccessBlockConfiguration',
    'NoSuchLifecycleConfiguration',
    'OwnershipControlsNotFoundError',
    'ServerSideEncryptionConfigurationNotFoundError',
    'RepositoryNotFoundException',
    'ImageNotFoundException',
    'LifecyclePolicyNotFoundException',
    'ResourceNotFoundException',
    'NoSuchEntityException',
    'ClusterNotFoundException',
    'ServiceNotFoundException',
    'ServiceNotActiveException',
    'ObjectNotFoundException',
  ),
  { name: 'ClientException', message: /unable to describe task definition/i },
];

const BUSY: readonly Code[] = [
  ...codes(
    'DependencyViolation',
    'OperationAborted',
    'InvalidIPAddress.InUse',
    'DeleteConflictException',
    'UpdateInProgressException',
    'ResourceInUseException',
    'ConcurrentUpdateException',
    'ConcurrentModificationException',
    'OperationAbortedException',
    'BucketNotEmpty',
    'ClusterContainsServicesException',
    'ClusterContainsTasksException',
    'ResourceConflict',
  ),
];

const PROPAGATING: readonly Code[] = [
  { name: 'AccessDeniedException', message: /iam:PassRole|unable to assume/i },
  { name: 'ClientException', message: /role is not valid|not authorized to assume|unable to assume/i },
  { name: 'InvalidParameterException', message: /unable to assume|service linked role|still draining/i },
  { name: 'InvalidParameterException', message: /(subnet|security group).*(not|does not) (found|exist)/i },
  { name: 'MalformedPolicyDocumentException', message: /invalid principal/i },
  { name: 'ValidationException', message: /ECS service doesn't exist|unable to assume IAM role/i },
  { name: 'InvalidRequestException', message: /scheduled for deletion|was deleted/i },
  ...codes(
    'InvalidVpcID.NotFound',
    'InvalidSubnetID.NotFound',
    'InvalidInternetGatewayID.NotFound',
    'InvalidAllocationID.NotFound',
    'InvalidRouteTableID.NotFound',
    'InvalidGatewayID.NotFound',
    'InvalidNatGatewayID.NotFound',
    'InvalidGroup.NotFound',
    'UpdateInProgressException',
    'OperationAborted',
    'ConcurrentModificationException',
    'ConcurrentUpdateException',
  ),
];

const EXPIRED: readonly Code[] = [
  ...codes('ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'TokenRefreshRequired'),
  // Of a login by IAM Identity Center, which has to be made again.
  { name: 'CredentialsProviderError', message: /SSO session/ },
  { name: 'TokenProviderError', message: /SSO session/ },
];
const INVALID_CREDENTIALS: readonly Code[] = codes(
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
  'AuthFailure',
);
const NO_CREDENTIALS: readonly Code[] = codes('CredentialsProviderError', 'TokenProviderError');
const DENIED: readonly Code[] = codes(
  'AccessDenied',
  'AccessDeniedException',
  'UnauthorizedOperation',
  'Forbidden',
  '403',
);

const matches = (error: unknown, table: readonly Code[]): boolean =>
  error instanceof Error &&
  table.some(({ name, message }) => name === error.name && (message?.test(error.message) ?? true));

export const isNotFound = (error: unknown): boolean => matches(error, NOT_FOUND);
const isBusy = (error: unknown): boolean => matches(error, BUSY);
/** Refused because of what is still being made, changed or deleted: the same call may succeed a moment later. */
export const isUnsettled = (error: unknown): boolean => matches(error, PROPAGATING) || isBusy(error);
export const isExpired = (error: unknown): boolean => matches(error, EXPIRED);
export const isInvalidCredentials = (error: unknown): boolean => matches(error, INVALID_CREDENTIALS);
export const isMissingCredentials = (error: unknown): boolean => matches(error, NO_CREDENTIALS);
export const isDenied = (error: unknown): boolean => matches(error, DENIED);
export const isPreconditionFailed = (error: unknown): boolean => hasName(error, 'PreconditionFailed');
export const isConditionalConflict = (error: unknown): boolean => hasName(error, 'ConditionalRequestConflict');

export const hasName = (error: unknown, ...names: string[]): boolean =>
  error instanceof Error && names.includes(error.name);

/** An error of this machine's files: their errors name a path, or that the disk is full. */
export const isFileError = (error: Error): boolean =>
  'syscall' in error && ('path' in error || ('code' in error && /^(ENOSPC|EDQUOT|EROFS)$/.test(String(error.code))));

/** HTTP status of an SDK error, 0 when there was no answer, `undefined` for errors of other origin. */
export function httpStatus(error: unknown): number | undefined {
  // The SDK's retries put metadata on whatever passes through them, on a lost lock too.
  if (!(error instanceof Error) || hasName(error, 'UserError')) return undefined;
  const metadata = (error as { $metadata?: { httpStatusCode?: number } }).$metadata;
  if (metadata) return metadata.httpStatusCode ?? 0;
  if (isFileError(error)) return undefined;
  const { code } = error as { code?: unknown };
  const connection = typeof code === 'string' && /^(E[A-Z]+|UND_ERR_.*)$/.test(code);
  return connection || hasName(error, 'TimeoutError') ? 0 : undefined;
}

/** For the engine; see `ErrorKind`. `PROPAGATING` comes last: on a delete the same codes mean gone or busy. */
export function classify(error: unknown): ErrorKind {
  if (matches(error, PROPAGATING)) return 'propagating';
  if (isBusy(error)) return 'busy';
  const status = httpStatus(error);
  if (status === undefined) return 'final';
  // A success that could not be read is none of a call that was refused.
  return status < 300 || status >= 500 ? 'unknown' : 'final';
}

/** `undefined` instead of an error that says "there is no such thing". */
export async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Done, also when the thing was gone already. */
export async function ifThere(answer: Promise<unknown>): Promise<void> {
  await orUndefined(answer);
}
