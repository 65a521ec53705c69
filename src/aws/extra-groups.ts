import { UserError } from '../errors.ts';
import type { Aws } from './aws.ts';

/** Security groups of other people that the tasks are to be in, as AWS knows them now. */
export type ExtraGroups = readonly { readonly id: string; readonly vpcId: string | undefined }[];

/** Joined with whatever else is asked about groups at the same time, so that it takes no call of its own. */
export function findExtraGroups(aws: Aws, ids: readonly string[]): Promise<ExtraGroups> {
  return Promise.all(ids.map(async (id) => ({ id, vpcId: (await aws.ec2.securityGroups.byId(id))?.VpcId })));
}

/**
 * What stops the tasks from being in these groups.
 *
 * @param vpcId that of the tasks; `undefined` while it is still to be made
 */
export function extraGroupProblems(groups: ExtraGroups, vpcId: string | undefined): UserError[] {
  return groups.flatMap((group) => {
    const message = problemOf(group, vpcId);
    if (message === undefined) return [];
    const fix =
      vpcId === undefined
        ? 'Leave --security-group-ids out, make the stack, make the group in its VPC, and give it to a second init.'
        : `Name a group of ${vpcId} with --security-group-ids, or leave it out (--security-group-ids '').`;
    return [new UserError({ code: 'BAD_SECURITY_GROUP', message: `security group ${group.id} ${message}`, fix })];
  });
}

function problemOf(group: ExtraGroups[number], vpcId: string | undefined): string | undefined {
  if (group.vpcId === undefined) return 'does not exist in this account and region';
  if (vpcId === undefined) return `is in ${group.vpcId}, and the VPC of this stack is still to be made`;
  return group.vpcId === vpcId ? undefined : `is in ${group.vpcId}, but the tasks run in ${vpcId}`;
}
