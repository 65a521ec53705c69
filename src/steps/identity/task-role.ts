import type { StackConfig } from '../../config/schema.ts';
import type { DataBucketStep } from '../data/data-bucket.ts';
import { role } from './role.ts';
import { type FormerGrants, type Grants, grantsOf, isGranted, NO_GRANTS } from './role-policies.ts';

interface TaskRoleOptions {
  readonly worker?: string;
  readonly grants: Grants;
  readonly former?: FormerGrants | undefined;
}

/** What the worker's own code may do: use this stack's data bucket, and what a person has given it. */
export const taskRole = (needs: { dataBucket?: DataBucketStep }, { worker, grants, former }: TaskRoleOptions) =>
  role(
    'task',
    needs,
    ({ partition }, { dataBucket }) => {
      if (!dataBucket) return [];
      const bucket = `arn:${partition}:s3:::${dataBucket.id}`;
      return [
        { Sid: 'List', Effect: 'Allow', Action: 's3:ListBucket', Resource: bucket },
        {
          Sid: 'Objects',
          Effect: 'Allow',
          Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
          Resource: `${bucket}/*`,
        },
      ];
    },
    { worker, grants, ...(former && { former }) },
  );

export type TaskRoleStep = ReturnType<typeof taskRole>;

/**
 * The roles of the workers, by their names. All that a stack with one worker gives, its one role has. Among several
 * workers, one with permissions of its own has a role of its own, so that no other can use them. Without anything that it
 * may do, a worker has no role.
 */
export function taskRoles(
  { workers }: StackConfig,
  dataBucket: DataBucketStep | undefined,
  former: FormerGrants | undefined,
): ReadonlyMap<string, TaskRoleStep> {
  const needs = dataBucket ? { dataBucket } : {};
  const [only, ...others] = workers;
  const shared = only && others.length === 0 ? grantsOf(only) : NO_GRANTS;
  const common = dataBucket || isGranted(shared) ? taskRole(needs, { grants: shared, former }) : undefined;
  return new Map(
    workers.flatMap((worker) => {
      const grants = grantsOf(worker);
      const own = workers.length > 1 && isGranted(grants);
      const role = own ? taskRole(needs, { worker: worker.name, grants, former }) : common;
      return role ? [[worker.name, role] as const] : [];
    }),
  );
}
