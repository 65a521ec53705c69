import type { DataBucketStep } from '../data/data-bucket.ts';
import { role } from './role.ts';

/** What the worker's own code may do: use this stack's data bucket. */
export const taskRole = (needs: { dataBucket: DataBucketStep }) =>
  role('task', needs, (config, from) => {
    const bucket = `arn:${config.partition}:s3:::${from.dataBucket.id}`;
    return [
      { Sid: 'List', Effect: 'Allow', Action: 's3:ListBucket', Resource: bucket },
      {
        Sid: 'Objects',
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
        Resource: `${bucket}/*`,
      },
    ];
  });

export type TaskRoleStep = ReturnType<typeof taskRole>;
