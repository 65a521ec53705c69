import type { Authorization, OfCommand } from '../helpers/authorizations.ts';

/**
 * Commands that ask AWS and for which no policy is printed: they have no other AWS than the sandbox on this machine, or, as
 * `ci github`, are for an administrator.
 */
export const NO_POLICY: ReadonlySet<string> = new Set([
  'ci github',
  'worker dev',
  'sandbox start',
  'sandbox status',
  'sandbox stop',
]);

/**
 * What is about all stacks, and needs the policy without --stack: `list`, and making, ending and looking through the state
 * bucket, which the stacks of a region share.
 */
export const isOfAll = ({ command, action, resource, context }: OfCommand): boolean =>
  command === 'list' ||
  (resource.startsWith('arn:aws:s3:::tfg-state-') &&
    (/^s3:(CreateBucket|TagResource|PutBucket\w+|Put\w+Configuration|DeleteBucket)$/.test(action) ||
      (action === 's3:ListBucketVersions' && context['s3:prefix'] === undefined)));

/** What is denied, and rightly so: each with the reason, and with what the program makes of it. */
export const DENIED: readonly (readonly [what: RegExp, why: string])[] = [
  [
    /^init \S+: application-autoscaling ListTagsForResource: /,
    'on a target that somebody else has registered for the service: init may not look at it, and says so',
  ],
  [/^destroy \S+: application-autoscaling ListTagsForResource: /, 'likewise: destroy leaves such a target alone'],
  [
    /^init dev: logs DeleteLogGroup: .*\/temporal-fargate\/dev:/,
    'only tests take a log group out of the steps of a stack: init never deletes one',
  ],
  [/^init \S+: iam DeleteRolePermissionsBoundary: /, 'taking a boundary away is for an administrator'],
  [
    /^doctor \S+: ec2 (AllocateAddress|CreateInternetGateway|CreateVpc): /,
    'a trial: may these credentials create? With no more than the policy for doctor they may not',
  ],
  [
    /^deploy \S+: (servicequotas|ec2 (AllocateAddress|CreateInternetGateway|CreateVpc|DescribeAvailabilityZones)|ec2 DescribeSubnets)/,
    'on a stack that init has not finished: deploy then checks what init would need, and leaves the rest to init',
  ],
];

/**
 * What tests ask of things of their own by single pieces of the program, without a stack of that name: the cluster and log
 * group "stage", a bucket that many set up at once.
 */
export const isOfTests = ({ resource, context }: OfCommand): boolean =>
  /[:/](stage|set-up-by-many)([/:]|$)|\/temporal-fargate\/dev-other:/.test(resource) ||
  /\/stage$/.test(String(context['ecs:cluster'] ?? ''));

/** What may be seen of other stacks, each with the reason. */
const VISIBLE: readonly (readonly [permission: RegExp, why: string])[] = [
  [/^s3:GetObject \S+\/(state|lock)\.json$/, 'who shares whose network stands in the states (src/policy/state.ts)'],
  [/^cloudwatch:DescribeAlarms /, 'one cannot be described where composite alarms must not be (API reference)'],
];

export const isVisible = ({ action, resource }: Authorization): boolean =>
  VISIBLE.some(([permission]) => permission.test(`${action} ${resource}`));

/** Roles that tests have spoiled on purpose, to see what is said then. */
export const SPOILED = /^$/;

/**
 * Permissions, as "command: Sid: action", that no test comes to need in that command, each with the reason why they are
 * printed all the same. Most are read by one piece of code for many commands, and the tests make it read with one of them.
 */
export const NOT_MET: readonly (readonly [permission: RegExp, why: string])[] = [
  [/^\w+: State: s3:GetObject$/, 'in commands that read the states of all stacks, which their own is one of'],
  [/^\w+: StatesOfAll: s3:GetObject$/, 'who shares whose network matters only where somebody does'],
  [/^\w+: StateBucket: s3:ListBucket$/, 'S3 says that a state is not there only to those who may list'],
  [/^\w+: State(Bucket|Versions): s3:ListBucketVersions$/, 'older versions are listed when a state is damaged'],
  [/^state: State: s3:(DeleteObject|PutObject)$/, 'the lock, around what mends a state'],
  [/^\w+: StateBucket: s3:(CreateBucket|TagResource|Put\w+)$/, 'put back only where somebody has loosened a setting'],
  [
    /^\w+: (Alarms|Logs|Repository|ScalableTargets): \S+:ListTagsForResource$/,
    'asked of the thing itself when the index of tags does not know it yet',
  ],
  [/^\w+: DataBucket: s3:GetBucket(Policy|Tagging)$/, 'likewise: one of the two is read, as the index knows it or not'],
  [
    /^(?!init|destroy)\w+: DataBucket: s3:GetLifecycleConfiguration$/,
    'looked at as all of a stack is, in commands that are tested on stacks whose objects do not expire',
  ],
  [/^\w+: Secret: secretsmanager:DescribeSecret$/, 'looking at all steps, in commands that are tested on fewer'],
  [/^\w+: Read: ec2:Describe(Addresses|RouteTables|Subnets|VpcEndpoints)$/, 'likewise'],
  [/^\w+: Read: ec2:DescribeTags$/, 'where many kinds of a network are missing at once'],
  [/^\w+: Read: ec2:Describe(AvailabilityZones|Regions)$/, 'offered to a person who has given no region'],
  [/^\w+: Read: ec2:DescribeVpcAttribute$/, 'whether a network of others resolves names, before it is used'],
  [/^\w+: Read: servicequotas:GetAWSDefaultServiceQuota$/, 'where AWS shows no quota of the account itself'],
  [/^\w+: Read: tag:GetResources$/, 'finds the workers of a stack whose state is lost'],
  [/^(init|plan): Read: iam:ListRoles$/, 'likewise their roles'],
  [/^\w+: Roles: iam:ListAttachedRolePolicies$/, 'where a worker has managed policies of its own'],
  [
    /^\w+: (AttachUsedPolicies|Roles): iam:(Detach|List)Role(Policy|Policies)$/,
    'attached by hand, or no longer wanted',
  ],
  [/^\w+: GithubRoles: /, 'looked at as all of a stack is, in commands that are tested on stacks without them'],
  [/^\w+: Used\w+: /, 'things of others are looked at by one piece of code, which tests call for init'],
  [/^\w+: Secret: secretsmanager:GetSecretValue$/, 'to ask Temporal, in a shell that has no key of its own'],
  [
    /^\w+: (Cluster|InCluster|Logs|Read): (ecs:(ListServiceDeployments|DescribeTasks|ListTasks|ListServices|StopServiceDeployment)|logs:FilterLogEvents|ec2:DescribeNetworkInterfaces)$/,
    'when something goes wrong: what holds a thing up, why a task stopped, and the deployment that does not end',
  ],
  [
    /^\w+: (Read|Repository): (ecs:(DeregisterTaskDefinition|ListTaskDefinitions)|ecr:(BatchDeleteImage|DescribeImages))$/,
    'tidying up after more deployments than any test of the command makes',
  ],
  [/^deploy: Cluster: ecs:(CreateService|TagResource)$/, 'a worker that a half-made stack lacks'],
  [/^deploy: ScalableTargets: application-autoscaling:RegisterScalableTarget$/, 'likewise'],
  [/^init: Cluster: ecs:PutClusterCapacityProviders$/, 'a cluster whose capacity providers somebody has taken away'],
  [
    /^pause: \w+: (ecs:UpdateService|application-autoscaling:RegisterScalableTarget|s3:DeleteObject)$/,
    'tested with the program’s own code, not as a command',
  ],
  [
    /^destroy: (Data|DataBucket): s3:(AbortMultipartUpload|ListBucketMultipartUploads)$/,
    'an upload that was never finished',
  ],
];
