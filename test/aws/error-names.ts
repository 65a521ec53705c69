/** An error that AWS answers with. Names: AWS API references of the operations (2026-11). */
export interface Refusal {
  /** The SDK's name of the error. */
  readonly name: string;
  /** The code on the wire, where the SDK makes a longer name of it. */
  readonly wire?: string;
  /** AWS's words, where they decide what the code means. */
  readonly message?: string;
  readonly fix?: RegExp;
}

export interface Operation {
  readonly service: string;
  readonly operation: string;
  /** The step that calls it, and how its title begins. */
  readonly step: string;
  readonly thing: string;
  readonly refusals: readonly Refusal[];
}

type More = Omit<Refusal, 'name'>;

/** What an operation refuses with. */
const at =
  (service: string, operation: string, step: string, thing: string) =>
  (...names: (string | [string, More])[]): Operation => {
    const refusals = names.map((entry) =>
      typeof entry === 'string' ? { name: entry } : { name: entry[0], ...entry[1] },
    );
    return { service, operation, step, thing, refusals };
  };

const quota = (code: string): More => ({ fix: new RegExp(`${code}.*Service Quotas`) });
const wire = (code: string): More => ({ wire: code });
const said = (message: string, fix?: RegExp): More => ({ message, ...(fix ? { fix } : {}) });

const DENIED =
  'User: arn:aws:iam::123456789012:user/ada is not authorized to perform: ec2:CreateVpc on resource: arn:aws:ec2:us-east-1:123456789012:vpc/* because no identity-based policy allows the ec2:CreateVpc action. Encoded authorization failure message: 4GIOHlTkIaWHQD0Q0m6XSnuUMCm-abcdefghijklmn';

export const CREATES: readonly Operation[] = [
  at('ec2', 'CreateVpc', 'network/vpc', 'VPC')(
    ['VpcLimitExceeded', quota('L-F678F1CE')],
    ['InvalidVpc.Range', { fix: /--cidr/ }],
    ['UnauthorizedOperation', said(DENIED, /Allow ec2:CreateVpc on arn:aws:ec2:us-east-1:123456789012:vpc\/\* /)],
    ['OptInRequired', { fix: /Enable the region/ }],
    ['RequestTimeTooSkewed', { fix: /clock/ }],
    'InvalidParameter',
    'InvalidParameterValue',
    'MissingParameter',
    'InvalidParameterCombination',
  ),
  at(
    'ec2',
    'CreateInternetGateway',
    'network/internet-gateway',
    'internet gateway',
  )(['InternetGatewayLimitExceeded', quota('L-A4707A72')]),
  at('ec2', 'AttachInternetGateway', 'network/internet-gateway', 'internet gateway')(
    'Resource.AlreadyAssociated',
    ['InvalidInternetGatewayID.NotFound', { fix: /Wait a minute/ }],
    'Gateway.NotAttached',
    'InvalidVpcID.NotFound',
  ),
  at('ec2', 'CreateSubnet', 'network/subnet/public-a', 'public subnet')(
    ['InvalidSubnet.Conflict', { fix: /--cidr/ }],
    ['InvalidSubnet.Range', { fix: /--cidr/ }],
    ['SubnetLimitExceeded', quota('L-407747CB')],
    'InvalidSubnetID.NotFound',
  ),
  at('ec2', 'CreateSecurityGroup', 'network/security-group', 'security group')(
    ['SecurityGroupLimitExceeded', quota('L-E79EC296')],
    'InvalidGroup.Duplicate',
    'InvalidGroup.NotFound',
    'InvalidSecurityGroupID.NotFound',
    'InvalidPermission.Duplicate',
    'InvalidPermission.NotFound',
  ),
  at(
    'ec2',
    'AllocateAddress',
    'network/elastic-ip/a',
    'Elastic IP',
  )(['AddressLimitExceeded', quota('L-0263D0A3')], 'InsufficientAddressCapacity'),
  at('ec2', 'CreateNatGateway', 'network/nat-gateway/a', 'NAT gateway')(
    ['NatGatewayLimitExceeded', quota('L-FE5A380F')],
    ['NotAvailableInZone', { fix: /--zones/ }],
    ['InsufficientFreeAddressesInSubnet', { fix: /--cidr/ }],
    'IdempotentParameterMismatch',
    'InvalidAllocationID.NotFound',
    'NatGatewayNotFound',
    'InvalidNetworkInterfaceID.NotFound',
  ),
  at(
    'ec2',
    'CreateRouteTable',
    'network/route-table/public',
    'public route table',
  )(['RouteTableLimitExceeded', quota('L-589F43AA')]),
  at('ec2', 'CreateRoute', 'network/route-table/public', 'public route table')(
    'RouteLimitExceeded',
    'InvalidRouteTableID.NotFound',
    'InvalidRouteTableId.NotFound',
    'InvalidGatewayID.NotFound',
    'InvalidNatGatewayID.NotFound',
    'InvalidRoute.NotFound',
  ),
  at('ec2', 'AssociateRouteTable', 'network/route-table/public', 'public route table')('InvalidAssociationID.NotFound'),
  at('ec2', 'CreateVpcEndpoint', 'network/s3-endpoint', 'S3 gateway endpoint')(
    ['VpcEndpointLimitExceeded', quota('L-1B52E74A')],
    'InvalidVpcEndpointId.NotFound',
    'InvalidVpcEndpoint.NotFound',
    'DuplicateSubnetsInSameZone',
  ),
  at('s3', 'CreateBucket', 'data/bucket', 'data bucket')(
    ['BucketAlreadyExists', { fix: /--stack/ }],
    'TooManyBuckets',
    'InvalidLocationConstraint',
    'IllegalLocationConstraintException',
    'InvalidNamespaceHeader',
    'AccessDenied',
    ['OperationAborted', { fix: /Wait/ }],
  ),
  at(
    's3',
    'PutBucketPolicy',
    'data/bucket',
    'data bucket',
  )('MalformedXML', 'ConditionalRequestConflict', 'NoSuchBucket'),
  at(
    'ecr',
    'CreateRepository',
    'image/repository',
    'ECR repository',
  )('RepositoryAlreadyExistsException', ['LimitExceededException', { fix: /quota/ }]),
  at(
    'ecr',
    'PutLifecyclePolicy',
    'image/repository',
    'ECR repository',
  )('RepositoryNotFoundException', 'LifecyclePolicyNotFoundException'),
  at(
    'ecr',
    'PutImage',
    'image/worker-image/worker',
    'worker image (worker)',
  )('LayerAlreadyExistsException', 'InvalidLayerException'),
  at(
    'logs',
    'CreateLogGroup',
    'compute/log-group',
    'log group',
  )('ResourceAlreadyExistsException', ['OperationAbortedException', { fix: /Wait/ }], 'InvalidParameterException'),
  at('logs', 'PutRetentionPolicy', 'compute/log-group', 'log group')('ResourceNotFoundException'),
  at(
    'secretsmanager',
    'CreateSecret',
    'secrets/temporal',
    'secret',
  )(
    'ResourceExistsException',
    [
      'InvalidRequestException',
      said(
        "You can't create this secret because a secret with this name is already scheduled for deletion.",
        /restore-secret/,
      ),
    ],
    'EncryptionFailure',
  ),
  at('iam', 'CreateRole', 'identity/task-role', 'task role')(
    ['EntityAlreadyExistsException', wire('EntityAlreadyExists')],
    ['MalformedPolicyDocumentException', wire('MalformedPolicyDocument')],
    ['LimitExceededException', { ...wire('LimitExceeded'), fix: /quota/ }],
    ['ConcurrentModificationException', { ...wire('ConcurrentModification'), fix: /Wait/ }],
    ['InvalidInputException', wire('InvalidInput')],
    [
      'NoSuchEntityException',
      {
        ...wire('NoSuchEntity'),
        ...said('Scope ARN: arn:aws:iam::123456789012:policy/b does not exist or is not attachable.', /boundary/),
      },
    ],
  ),
  at('iam', 'PutRolePolicy', 'identity/task-role', 'task role')(['NoSuchEntityException', wire('NoSuchEntity')]),
  at('ecs', 'CreateCluster', 'compute/cluster', 'ECS cluster')(
    'ResourceInUseException',
    'UpdateInProgressException',
    [
      'InvalidParameterException',
      said(
        'Unable to assume the service linked role. Please verify that the ECS service linked role exists.',
        /CreateServiceLinkedRole for ecs\.amazonaws\.com/,
      ),
    ],
    ['ClientException', said('Cluster was not ACTIVE.')],
  ),
  at(
    'ecs',
    'RegisterTaskDefinition',
    'compute/task-definition/worker',
    'task definition',
  )(
    ['ClientException', said('Role is not valid', /two minutes/)],
    [
      'AccessDeniedException',
      said(
        'User: arn:aws:iam::123456789012:user/ada is not authorized to perform: iam:PassRole on resource: arn:aws:iam::123456789012:role/r because no identity-based policy allows the iam:PassRole action',
        /Allow iam:PassRole on arn:aws:iam::123456789012:role\/r /,
      ),
    ],
  ),
  at('ecs', 'CreateService', 'compute/service/worker', 'ECS service')(
    ['InvalidParameterException', said('Creation of service was not idempotent.', /--stack/)],
    ['InvalidParameterException', said('Unable to Start a service that is still Draining.', /Wait/)],
    ['PlatformTaskDefinitionIncompatibilityException', { fix: /--architecture/ }],
    'UnsupportedFeatureException',
    'ClusterNotFoundException',
    'ServiceNotActiveException',
  ),
  at(
    'application-autoscaling',
    'RegisterScalableTarget',
    'scaling/target/worker',
    'scalable target',
  )(
    ['ValidationException', said("ECS service doesn't exist: service/dev/worker", /Wait/)],
    'ConcurrentUpdateException',
    'FailedResourceAccessException',
  ),
  at(
    'application-autoscaling',
    'PutScalingPolicy',
    'scaling/target/worker',
    'scalable target',
  )('ObjectNotFoundException', 'ValidationException'),
];

export const DELETES: readonly Operation[] = [
  at('ec2', 'DeleteVpc', 'network/vpc', 'VPC')(['DependencyViolation', { fix: /uses it/ }]),
  at(
    'ec2',
    'ReleaseAddress',
    'network/elastic-ip/a',
    'Elastic IP',
  )(['InvalidIPAddress.InUse', { fix: /uses it/ }], 'OperationNotPermitted', [
    'AuthFailure',
    said('You do not have permission to access the specified resource.', /by hand/),
  ]),
  at(
    'iam',
    'DeleteRole',
    'identity/task-role',
    'task role',
  )(['DeleteConflictException', { ...wire('DeleteConflict'), fix: /Detach/ }]),
  at('ecs', 'DeleteCluster', 'compute/cluster', 'ECS cluster')(
    'ClusterContainsServicesException',
    'ClusterContainsTasksException',
    'ClusterContainsCapacityProviderException',
    'UpdateInProgressException',
  ),
  at('s3', 'DeleteBucket', 'data/bucket', 'data bucket')('BucketNotEmpty', 'OperationAborted'),
  at('ecr', 'DeleteRepository', 'image/repository', 'ECR repository')('RepositoryNotEmptyException'),
  at('logs', 'DeleteLogGroup', 'compute/log-group', 'log group')('OperationAbortedException'),
];

/** Codes after which the SDK itself waits and tries again, for most of a minute: not worth a test's time one by one. */
export const RETRIED: readonly string[] = [
  ...['RequestLimitExceeded', 'Throttling', 'ThrottlingException', 'SlowDown', 'TooManyRequestsException'],
  ...['ServerException', 'InternalError', 'InternalFailure', 'ServiceUnavailable', 'InternalServiceError'],
];

/** Every other code of the fact sheet: what the steps take for an answer, so that no person sees it in the usual case. */
export const ANSWERS: readonly string[] = [
  ...['NoSuchKey', 'NotFound', 'ServiceNotFoundException', 'BucketAlreadyOwnedByYou', 'ImageAlreadyExistsException'],
  ...['PreconditionFailed', 'ResourceConflict', 'NoSuchBucketPolicy', 'NoSuchTagSet'],
  ...['NoSuchPublicAccessBlockConfiguration', 'NoSuchLifecycleConfiguration', 'OwnershipControlsNotFoundError'],
  ...['ServerSideEncryptionConfigurationNotFoundError', 'InvalidVpcID.Malformed', 'ValidationError'],
  ...['RouteAlreadyExists', 'TargetNotConnectedException', 'ServiceDeploymentInProgressException'],
];
