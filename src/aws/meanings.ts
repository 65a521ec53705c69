/** What an error code of AWS means to a person. */
export interface Meaning {
  /** Our own code for the group, for scripts. */
  readonly code: string;
  /** One clause, after "creating VPC: ". */
  readonly says: string;
  readonly fix: string;
}

interface Row extends Meaning {
  readonly names: readonly string[];
  /** The SDK's name of the service, where the code means something else in others. */
  readonly service?: string;
  /** Where one code means several things, the message decides; AWS may change it, so match as little as possible. */
  readonly message?: RegExp;
}

const AGAIN = 'run the same command again: it goes on where it stopped.';

const quota = (name: string, what: string, quotaName: string): Row => ({
  code: 'AWS_QUOTA',
  names: [name],
  says: `the account has as many ${what} as its quota allows`,
  fix: `Delete one that nobody needs, or have the quota "${quotaName}" raised (Service Quotas console); then ${AGAIN}`,
});

/** Quotas by the error that names them. Source of names and codes: Service Quotas console, us-east-1 (2026-11). */
const QUOTAS: readonly Row[] = [
  quota('VpcLimitExceeded', 'VPCs in this region', 'VPCs per Region, L-F678F1CE'),
  quota('AddressLimitExceeded', 'elastic IP addresses in this region', 'EC2-VPC Elastic IPs, L-0263D0A3'),
  quota('NatGatewayLimitExceeded', 'NAT gateways in this zone', 'NAT gateways per Availability Zone, L-FE5A380F'),
  quota('InternetGatewayLimitExceeded', 'internet gateways', 'Internet gateways per Region, L-A4707A72'),
  quota('VpcEndpointLimitExceeded', 'VPC endpoints', 'Gateway VPC endpoints per Region, L-1B52E74A'),
  quota('SecurityGroupLimitExceeded', 'security groups', 'VPC security groups per Region, L-E79EC296'),
  quota('SubnetLimitExceeded', 'subnets in this VPC', 'Subnets per VPC, L-407747CB'),
  quota('RouteTableLimitExceeded', 'route tables in this VPC', 'Route tables per VPC, L-589F43AA'),
  quota('RouteLimitExceeded', 'routes in this table', 'Routes per route table'),
  quota('TooManyBuckets', 'buckets', 'Buckets'),
  {
    code: 'AWS_QUOTA',
    names: ['LimitExceededException', 'LimitExceeded', 'LimitExceededFault', 'ResourceLimitExceeded'],
    says: 'a quota of the account is used up',
    fix: `Delete what nobody needs, or have the quota raised (Service Quotas console); then ${AGAIN}`,
  },
];

const ROLES: readonly Row[] = [
  {
    code: 'AWS_BOUNDARY',
    names: ['NoSuchEntityException'],
    message: /scope ARN/i,
    says: 'the permissions boundary is no policy that exists',
    fix: `Name one that exists with --permissions-boundary (aws iam list-policies), then ${AGAIN}`,
  },
  {
    code: 'AWS_SERVICE_ROLE',
    names: ['InvalidParameterException', 'ClientException', 'ValidationException'],
    message: /service.linked role/i,
    says: 'the role that the service itself works with is missing or not usable yet',
    fix: `Allow iam:CreateServiceLinkedRole for ecs.amazonaws.com and ecs.application-autoscaling.amazonaws.com, then ${AGAIN}`,
  },
  {
    code: 'AWS_ROLE',
    names: ['ClientException', 'AccessDeniedException', 'InvalidParameterException', 'ValidationException'],
    message: /role is not valid|unable to assume|not authorized to assume/i,
    says: 'AWS cannot use the role yet',
    fix: `A new role takes up to two minutes to be known everywhere: ${AGAIN}`,
  },
  {
    code: 'AWS_ROLE',
    names: ['MalformedPolicyDocumentException', 'MalformedPolicyDocument'],
    says: 'IAM does not take the policy, which may name something that was made a moment ago',
    fix: `If it stays the same, report it. First ${AGAIN}`,
  },
];

const NAMES_TAKEN: readonly Row[] = [
  {
    code: 'AWS_EXISTS',
    names: ['BucketAlreadyExists'],
    says: 'another account has a bucket of this name',
    fix: 'Choose another --stack: bucket names are made of it.',
  },
  {
    code: 'AWS_EXISTS',
    names: ['InvalidSubnet.Conflict'],
    says: 'another subnet of this VPC has addresses of this range',
    fix: `Delete that subnet if nobody needs it, or choose another --cidr; then ${AGAIN}`,
  },
  {
    code: 'AWS_EXISTS',
    names: ['InvalidParameterException'],
    message: /not idempotent/i,
    says: 'a service of this name exists, with other settings',
    fix: `Delete that service if nobody needs it, or choose another --stack; then ${AGAIN}`,
  },
  {
    code: 'AWS_EXISTS',
    names: ['IdempotentParameterMismatch'],
    says: 'AWS remembers this request with other values',
    fix: `Something changed between two attempts. Now ${AGAIN}`,
  },
  {
    code: 'AWS_EXISTS',
    names: ['Resource.AlreadyAssociated', 'RouteAlreadyExists'],
    says: 'it is connected to something else already',
    fix: `Somebody changed it by hand or another run did. Take that back, then ${AGAIN}`,
  },
  {
    code: 'AWS_EXISTS',
    names: [
      ...['BucketAlreadyOwnedByYou', 'InvalidGroup.Duplicate', 'InvalidPermission.Duplicate'],
      ...['RepositoryAlreadyExistsException', 'ResourceAlreadyExistsException', 'ResourceExistsException'],
      ...['EntityAlreadyExistsException', 'ImageAlreadyExistsException', 'LayerAlreadyExistsException'],
      ...['ImageTagAlreadyExistsException', 'PreconditionFailed'],
    ],
    says: 'it exists already',
    fix: `Somebody made it meanwhile. Now ${AGAIN} If it is not this stack's, that run says so.`,
  },
  {
    code: 'AWS_EXISTS',
    names: ['InvalidInputException', 'InvalidInput'],
    service: 'IAM',
    message: /has been taken/i,
    says: 'the role exists already',
    fix: `Now ${AGAIN}`,
  },
];

const BUSY: readonly Row[] = [
  {
    code: 'AWS_IN_USE',
    names: ['DependencyViolation', 'InvalidIPAddress.InUse', 'ResourceInUse', 'OperationNotPermitted'],
    says: 'something still uses it',
    fix: `Delete or detach what uses it, if it is not this stack's (the VPC console lists it); then ${AGAIN}`,
  },
  {
    code: 'AWS_IN_USE',
    names: ['DeleteConflictException', 'DeleteConflict'],
    says: 'somebody attached something to it',
    fix: `Detach that in the IAM console, then ${AGAIN}`,
  },
  {
    code: 'AWS_IN_USE',
    names: ['BucketNotEmpty', 'RepositoryNotEmptyException'],
    says: 'it is not empty, or something is still writing to it',
    fix: `Stop what writes to it, then ${AGAIN}`,
  },
  {
    code: 'AWS_IN_USE',
    names: [
      ...['ClusterContainsServicesException', 'ClusterContainsTasksException'],
      'ClusterContainsCapacityProviderException',
    ],
    says: "the cluster holds what is not this stack's",
    fix: `Stop or delete it in the ECS console, then ${AGAIN}`,
  },
  {
    code: 'AWS_SCHEDULED_FOR_DELETION',
    names: ['InvalidRequestException'],
    message: /scheduled for deletion|was deleted/i,
    says: 'a secret of this name is being deleted',
    fix: `Wait until it is gone, or restore it (aws secretsmanager restore-secret); then ${AGAIN}`,
  },
  {
    code: 'AWS_BUSY',
    names: ['InvalidParameterException'],
    message: /still draining/i,
    says: 'its predecessor is still stopping its tasks',
    fix: `Wait a few minutes, then ${AGAIN}`,
  },
  {
    code: 'AWS_BUSY',
    names: [
      ...['OperationAborted', 'OperationAbortedException', 'ConditionalRequestConflict', 'UpdateInProgressException'],
      ...['ResourceInUseException', 'ConcurrentUpdateException', 'ConcurrentModificationException'],
      ...['ResourceConflict', 'FailedResourceAccessException', 'ServiceDeploymentInProgressException'],
    ],
    says: 'AWS is still busy with an earlier change of it',
    fix: `Wait a minute, then ${AGAIN}`,
  },
];

const MISSING: readonly Row[] = [
  {
    code: 'AWS_NOT_FOUND',
    names: ['ValidationException'],
    message: /ECS service doesn't exist/i,
    says: 'Application Auto Scaling does not see the service yet',
    fix: `Wait a minute, then ${AGAIN}`,
  },
  {
    code: 'AWS_NOT_FOUND',
    names: [
      ...['NoSuchBucket', 'NoSuchKey', 'NotFound', 'NoSuchUpload', 'NoSuchBucketPolicy', 'NoSuchTagSet'],
      ...['NoSuchPublicAccessBlockConfiguration', 'NoSuchLifecycleConfiguration', 'OwnershipControlsNotFoundError'],
      ...['ServerSideEncryptionConfigurationNotFoundError', 'Gateway.NotAttached', 'NatGatewayNotFound'],
      ...['RepositoryNotFoundException', 'ImageNotFoundException', 'LifecyclePolicyNotFoundException'],
      ...['ResourceNotFoundException', 'ResourceNotFound', 'NoSuchEntityException', 'NoSuchEntity'],
      ...['ClusterNotFoundException', 'ServiceNotFoundException', 'ServiceNotActiveException'],
      ...['ObjectNotFoundException', 'TargetNotConnectedException', 'NoSuchResourceException'],
    ],
    says: 'AWS does not find it, or something that it needs',
    fix: `Somebody deleted it meanwhile, or AWS does not show it yet. Wait a minute, then ${AGAIN}`,
  },
  {
    code: 'AWS_NOT_FOUND',
    names: ['ClientException'],
    message: /unable to describe task definition/i,
    says: 'AWS does not find the task definition',
    fix: `Somebody deleted it meanwhile. Now ${AGAIN}`,
  },
];

const ACCESS: readonly Row[] = [
  {
    code: 'ACCESS_DENIED',
    names: ['AuthFailure'],
    message: /permission|belong/i,
    says: 'it belongs to another account or service',
    fix: `Take it out of this stack's network by hand, then ${AGAIN}`,
  },
  {
    code: 'CLOCK_SKEW',
    names: ['RequestTimeTooSkewed', 'RequestInTheFuture'],
    says: "this machine's clock is wrong: AWS takes no request that is more than minutes off",
    fix: 'Set the clock (have it set by NTP), then run the same command again.',
  },
  {
    code: 'CLOCK_SKEW',
    names: ['SignatureDoesNotMatch', 'InvalidSignatureException'],
    message: /signature (expired|not yet current)/i,
    says: "this machine's clock is wrong: AWS takes no request that is more than minutes off",
    fix: 'Set the clock (have it set by NTP), then run the same command again.',
  },
  {
    code: 'REGION_DISABLED',
    names: ['OptInRequired', 'RegionDisabledException', 'SubscriptionRequiredException'],
    says: 'the account does not use this region or service yet',
    fix: 'Enable the region (AWS console, Account, AWS Regions), or choose another --region.',
  },
  {
    code: 'WRONG_REGION',
    names: [
      ...['PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException'],
      ...['InvalidLocationConstraint', 'InvalidNamespaceHeader', '301'],
    ],
    says: 'the bucket belongs to another region',
    fix: 'Give the --region in which the stack was created.',
  },
];

const SERVICE: readonly Row[] = [
  {
    code: 'AWS_THROTTLED',
    names: [
      ...['RequestLimitExceeded', 'Throttling', 'ThrottlingException', 'ThrottledException', 'SlowDown'],
      ...['TooManyRequestsException', 'RequestThrottled', 'RequestThrottledException', 'EC2ThrottledException'],
      ...['BandwidthLimitExceeded', 'PriorRequestNotComplete', 'ProvisionedThroughputExceededException'],
      'TransactionInProgressException',
    ],
    says: 'AWS throttles this account, in spite of several attempts',
    fix: `Something in the account sends many requests. Wait a few minutes, then ${AGAIN}`,
  },
  {
    code: 'AWS_FAULT',
    names: [
      ...['ServerException', 'InternalError', 'InternalFailure', 'InternalServerError', 'InternalServiceError'],
      ...['InternalServiceException', 'InternalServiceFault', 'ServiceUnavailable', 'ServiceUnavailableException'],
      ...['ServiceFailureException', 'Unavailable', 'DecryptionFailure', 'EncryptionFailure'],
    ],
    says: 'AWS has a fault of its own',
    fix: `See health.aws.amazon.com; later ${AGAIN}`,
  },
  {
    code: 'AWS_CAPACITY',
    names: ['InsufficientFreeAddressesInSubnet', 'NotAvailableInZone', 'InsufficientAddressCapacity'],
    says: 'there is no room for it in this zone',
    fix: 'Choose other --zones or a larger --cidr.',
  },
  {
    code: 'AWS_UNSUPPORTED',
    names: ['UnsupportedFeatureException', 'PlatformTaskDefinitionIncompatibilityException', 'UnsupportedOperation'],
    says: 'this region does not offer it',
    fix: 'Choose another --region, or another --architecture.',
  },
];

const VALUE = 'Change the answer that this value comes from, then run the same command again; report it if none does.';

const INVALID: readonly Row[] = [
  {
    code: 'AWS_INVALID',
    names: ['InvalidVpc.Range'],
    says: 'AWS makes no VPC of this range',
    fix: 'Choose another --cidr.',
  },
  {
    code: 'AWS_INVALID',
    names: ['InvalidSubnet.Range', 'DuplicateSubnetsInSameZone'],
    says: 'AWS makes no subnet of this range there',
    fix: 'Choose another --cidr or other --zones.',
  },
  {
    code: 'AWS_INVALID',
    names: [
      ...['ValidationException', 'ValidationError', 'Validation', 'InvalidParameterValue', 'InvalidParameter'],
      ...['InvalidParameterException', 'InvalidParameterCombination', 'InvalidParameterValueException'],
      ...['InvalidInputException', 'InvalidRequestException', 'ClientException', 'InvalidArgument', 'MalformedXML'],
      ...['InvalidLayerException', 'LayerPartTooSmallException', 'MissingParameter', 'SerializationException'],
    ],
    says: 'AWS does not take a value',
    fix: VALUE,
  },
];

/** The first row that fits counts: those that look at the message come before those that do not. */
const ROWS: readonly Row[] = [
  ...ACCESS,
  ...QUOTAS,
  ...ROLES,
  ...NAMES_TAKEN,
  ...BUSY,
  ...MISSING,
  ...SERVICE,
  ...INVALID,
];

/** What this error of AWS means; `undefined` for codes that no table has. */
export function meaningOf(error: Error, service: string | undefined): Meaning | undefined {
  const row = ROWS.find(
    (candidate) =>
      candidate.names.includes(error.name) &&
      (candidate.service === undefined || service === undefined || candidate.service === service) &&
      (candidate.message?.test(error.message) ?? true),
  );
  if (row) return row;
  // EC2 has more than a hundred codes of these two families.
  const family = /\.(NotFound|Malformed)$/.exec(error.name)?.[1];
  if (family === 'NotFound') return MISSING.find(({ names }) => names.includes('NotFound'));
  return family === 'Malformed' ? INVALID.at(-1) : undefined;
}
