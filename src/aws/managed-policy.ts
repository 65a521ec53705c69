import { GetPolicyCommand, type IAMClient } from '@aws-sdk/client-iam';
import { isDenied, orUndefined } from './errors.ts';

/** What IAM says of a managed policy: whether it can be attached to a role. `denied` when the caller may not look. */
export async function lookAtPolicy(iam: IAMClient, PolicyArn: string): Promise<'there' | 'missing' | 'denied'> {
  try {
    const answer = await orUndefined(iam.send(new GetPolicyCommand({ PolicyArn })));
    // A policy of AWS for its own service-linked roles is there, and nobody can attach it.
    return answer?.Policy && answer.Policy.IsAttachable !== false ? 'there' : 'missing';
  } catch (error) {
    if (isDenied(error)) return 'denied';
    throw error;
  }
}
