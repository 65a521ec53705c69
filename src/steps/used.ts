import { may, type Permission, type Scope } from './permission.ts';

/*
 * Things that are not the stack's own. They are named to `policy` one by one (--uses ARN), so that a stack without any has
 * no permission for them, and one with some for these only.
 */

const used = (sid: string, kind: RegExp): Scope => ({
  sid,
  resources: ({ uses }) => uses.filter((arn) => kind.test(arn)),
});

/** What `--uses` takes. */
export const USABLE = {
  'a VPC': /^arn:aws[\w-]*:ec2:[\w-]+:\d{12}:vpc\/vpc-\w+$/,
  'a secret': /^arn:aws[\w-]*:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]+$/,
  'a KMS key': /^arn:aws[\w-]*:kms:[\w-]+:\d{12}:key\/[\w-]+$/,
  'an ECR repository': /^arn:aws[\w-]*:ecr:[\w-]+:\d{12}:repository\/[a-z0-9/._-]+$/,
  'a managed policy': /^arn:aws[\w-]*:iam::(\d{12}|aws):policy\/[\w+=.@/-]+$/,
} as const;

export const USED_VPCS = used('UsedVpcs', USABLE['a VPC']);
export const USED_POLICIES = used('UsedPolicies', USABLE['a managed policy']);
export const USED_SECRETS = used('UsedSecrets', USABLE['a secret']);
export const USED_REPOSITORIES = used('UsedRepositories', USABLE['an ECR repository']);

/** KMS is asked by Secrets Manager, for nothing else. */
export const USED_KEYS: Scope = {
  ...used('UsedKeys', USABLE['a KMS key']),
  conditions: ({ region, partition }) => ({
    StringEquals: {
      'kms:ViaService': [`secretsmanager.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}`],
    },
  }),
};

/** The credentials of Temporal may be in a secret of others. */
export const mayReadUsedSecrets: readonly Permission[] = [
  may(USED_SECRETS, 'secretsmanager:GetSecretValue'),
  may(USED_KEYS, 'kms:Decrypt'),
];

/** Before a stack is given something of others, it is looked at: does it exist, does the secret have the key? */
export const mayLookAtUsed: readonly Permission[] = [
  ...mayReadUsedSecrets,
  may(USED_SECRETS, 'secretsmanager:DescribeSecret'),
  may(USED_REPOSITORIES, 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'),
  may(USED_POLICIES, 'iam:GetPolicy'),
];

/** The image of another stack is taken by the digest that its repository has. */
export const mayFindUsedImages: readonly Permission[] = [may(USED_REPOSITORIES, 'ecr:DescribeImages')];
