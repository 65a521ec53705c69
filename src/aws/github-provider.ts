import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateOpenIDConnectProviderCommand,
  GetOpenIDConnectProviderCommand,
  type IAMClient,
} from '@aws-sdk/client-iam';
import { TAG } from '../engine/ownership.ts';
import { hasName, orUndefined } from './errors.ts';

const HOST = 'token.actions.githubusercontent.com';
const AUDIENCE = 'sts.amazonaws.com';

/** An account has one for each issuer, so its ARN is known beforehand. */
export const githubProviderArn = (partition: string, accountId: string): string =>
  `arn:${partition}:iam::${accountId}:oidc-provider/${HOST}`;

/**
 * Makes the account trust GitHub's tokens. The provider belongs to the account: roles of other stacks and of other people may
 * need it, so it has no stack's tag, and nothing ever deletes it.
 *
 * @returns what had to be done
 */
export async function ensureGithubProvider(iam: IAMClient, arn: string): Promise<'made' | 'amended' | 'there'> {
  const found = await orUndefined(iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn })));
  if (!found) {
    try {
      await iam.send(
        new CreateOpenIDConnectProviderCommand({
          Url: `https://${HOST}`,
          ClientIDList: [AUDIENCE],
          Tags: [{ Key: TAG.managed, Value: 'true' }],
        }),
      );
      return 'made';
    } catch (error) {
      // Somebody else was quicker.
      if (!hasName(error, 'EntityAlreadyExistsException')) throw error;
      return ensureGithubProvider(iam, arn);
    }
  }
  if (found.ClientIDList?.includes(AUDIENCE)) return 'there';
  await iam.send(new AddClientIDToOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn, ClientID: AUDIENCE }));
  return 'amended';
}
