import { UserError } from '../errors.ts';

/** Whose things these are: one stack in one account and region. */
export interface Owner {
  readonly stack: string;
  /** Random, made once per stack and kept in its state; tells two lives of the same stack name apart. */
  readonly stackId: string;
}

/** An owner whose state was lost: the stack id is whatever the tags of its things say. */
export type Claim = Pick<Owner, 'stack'> & { readonly stackId: string | undefined };

export type Tags = Readonly<Record<string, string>>;

/** What is live, as far as it matters whose it is. */
interface Tagged {
  readonly id: string;
  readonly tags: Tags;
}

/** Tag keys that every thing we create carries, given in the creating call. */
export const TAG = {
  name: 'Name',
  managed: 'temporal-fargate:managed',
  stack: 'temporal-fargate:stack',
  stackId: 'temporal-fargate:stack-id',
  resource: 'temporal-fargate:resource',
} as const;

export function ownerTags(owner: Owner, stepId: string): Tags {
  return {
    [TAG.name]: `${owner.stack}/${stepId}`,
    [TAG.managed]: 'true',
    [TAG.stack]: owner.stack,
    [TAG.stackId]: owner.stackId,
    [TAG.resource]: stepId,
  };
}

/** True when the tags say that this very step of this very stack made the thing. `Name` is free to change. */
export function isOwned(tags: Tags, owner: Claim, stepId: string): boolean {
  return (
    tags[TAG.managed] === 'true' &&
    tags[TAG.stack] === owner.stack &&
    (owner.stackId === undefined || tags[TAG.stackId] === owner.stackId) &&
    tags[TAG.resource] === stepId
  );
}

/** Throws when `live` does not carry this stack's tags: called before every update and every delete. */
export function assertOwned(live: Tagged, owner: Owner, step: { id: string; title: string }): void {
  if (isOwned(live.tags, owner, step.id)) return;
  throw notOwned(live, owner, step);
}

export function notOwned(live: Tagged, owner: Claim, step: { id: string; title: string }): UserError {
  const theirs = live.tags[TAG.stack];
  const says =
    theirs === undefined
      ? 'has no temporal-fargate tags'
      : `is tagged as ${live.tags[TAG.resource] ?? '(no resource)'} of stack ${theirs} (${live.tags[TAG.stackId] ?? 'no id'})`;
  return new UserError({
    code: 'NOT_OWNED',
    message: `${step.title}: ${live.id} ${says}, but stack ${owner.stack}${owner.stackId === undefined ? '' : ` (${owner.stackId})`} expects its own ${step.id} there; it was not touched`,
    fix: `Rename or delete ${live.id} yourself if you are sure, or choose another stack name with --stack.`,
  });
}

export function ambiguous(ids: readonly string[], step: { id: string; title: string }): UserError {
  return new UserError({
    code: 'AMBIGUOUS',
    message: `${step.title}: ${ids.length} things are tagged as ${step.id} of this stack: ${ids.join(', ')}`,
    fix: 'Delete the ones that are not in use, then run the command again.',
  });
}

/** Ids of the stacks that the tags of these things name. */
export function stackIdsOf(lives: readonly Tagged[]): ReadonlySet<string> {
  return new Set(lives.flatMap((live) => live.tags[TAG.stackId] ?? []));
}
