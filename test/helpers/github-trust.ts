import { runUnsafeSimulation } from '@cloud-copilot/iam-simulate';

const HOST = 'token.actions.githubusercontent.com';

/** Claims of a token of GitHub's, as far as a trust policy looks at them. */
export interface Claims {
  readonly sub: string;
  readonly repository_id: string;
  readonly aud?: string;
}

/** As IAM keeps it. */
export interface TrustPolicy {
  readonly Statement: readonly {
    readonly Principal: { readonly Federated: string };
    readonly [member: string]: unknown;
  }[];
}

/**
 * Whether the trust policy lets in who comes with a token of these claims.
 *
 * The simulator knows only some of GitHub's claims as condition keys, and its way around that takes no resource policy: so it
 * is given the statements as those of the caller, and who the principal is, which is one ARN, is compared here.
 */
export function isTrusted(trust: TrustPolicy, { aud = 'sts.amazonaws.com', ...claims }: Claims): boolean {
  const accountId = '123456789012';
  const provider = `arn:aws:iam::${accountId}:oidc-provider/${HOST}`;
  const Statement = trust.Statement.flatMap(({ Principal, ...statement }) =>
    Principal.Federated === provider ? [{ ...statement, Resource: '*' }] : [],
  );
  const result = runUnsafeSimulation(
    {
      request: {
        principal: `arn:aws:iam::${accountId}:user/token`,
        action: 'sts:AssumeRoleWithWebIdentity',
        resource: { resource: `arn:aws:iam::${accountId}:role/any`, accountId },
        contextVariables: Object.fromEntries(
          Object.entries({ aud, ...claims }).map(([name, value]) => [`${HOST}:${name}`, value]),
        ),
      },
      identityPolicies: [{ name: 'trust', policy: { Version: '2012-10-17', Statement } }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  );
  return result === 'Allowed';
}
