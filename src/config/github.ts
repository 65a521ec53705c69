import * as z from 'zod';
import { STACK_NAME } from './stack-name.ts';

/** Owner and name as GitHub takes them: letters, digits, hyphens, and in names dots and underscores. */
const REPOSITORY = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\/[A-Za-z0-9._-]{1,100}$/;

export const github = z.strictObject({
  /** `owner/name` */
  repository: z.string().regex(REPOSITORY, 'a repository is written like owner/name'),
  /** Numbers that GitHub gives once: a repository of the same name that somebody else makes later has others. */
  repositoryId: z.string().regex(/^\d+$/, 'an id is a number'),
  ownerId: z.string().regex(/^\d+$/, 'an id is a number'),
  /** Pushes to it are deployed. */
  branch: z.string().regex(/^[\w./-]+$/, 'a branch has letters, digits and . _ - / in its name'),
  /** Environment of the deploying job, with which the job and not the branch is trusted. */
  environment: z
    .string()
    .regex(/^[\w.-]+$/, 'an environment has letters, digits and . _ - in its name')
    .optional(),
  /** Stack whose images the workflow deploys, when it is started by hand; left out, it builds and deploys pushes. */
  imageFromStack: z.string().regex(STACK_NAME).optional(),
});

export type GithubConfig = z.infer<typeof github>;
