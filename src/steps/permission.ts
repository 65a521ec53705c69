import { TAG } from '../engine/ownership.ts';

/** What a policy is printed for. */
export interface PolicyPlace {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  /** Name of the one stack that the policy is about; `*` for every stack of the account and region. */
  readonly stack: string;
  /** ARN of the permissions boundary that every role must have. */
  readonly boundary: string;
  /** ARNs of things that are not the stack's own and that it uses: an existing VPC, secret, image repository. */
  readonly uses: readonly string[];
}

export type Conditions = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** The things that actions are allowed on. */
export interface Scope {
  /** Sid of the statement. One for each scope. */
  readonly sid: string;
  /** ARNs, with wildcards only for what is not known before; none when the place has no such thing. */
  resources(place: PolicyPlace): readonly string[];
  conditions?(place: PolicyPlace): Conditions;
}

export type IamAction = `${string}:${string}`;

/** IAM actions on what they are needed for. */
export interface Permission {
  readonly scope: Scope;
  readonly actions: readonly IamAction[];
}

/** What a step's calls need, by what the engine does with it. IAM's own names, which are not always those of the calls. */
export interface StepActions {
  /** `findById` and `findOwned`. */
  readonly find: readonly Permission[];
  readonly load?: readonly Permission[];
  readonly create: readonly Permission[];
  readonly update?: readonly Permission[];
  /** A person's own tags, changed in place. */
  readonly retag?: readonly Permission[];
  /** `explain` and `blockedBy`. */
  readonly explain?: readonly Permission[];
  readonly stop?: readonly Permission[];
  /** `keep` and `destroy`. */
  readonly destroy: readonly Permission[];
  /** What `destroy` needs besides to delete the user's data as well. */
  readonly deleteData?: readonly Permission[];
  /** Set for what stays for as long as the stack does: only the command `destroy` deletes it. */
  readonly permanent?: true;
}

export const may = (scope: Scope, ...actions: readonly IamAction[]): Permission => ({ scope, actions });

/** `arn:aws:ecs:us-east-1:123456789012:cluster/dev` */
export const arnIn = (
  { partition, region, accountId }: PolicyPlace,
  service: string,
  resource: string,
  { global = false } = {},
): string => `arn:${partition}:${service}:${global ? '' : region}:${accountId}:${resource}`;

/** For actions to which IAM cannot name a thing, or that list things. */
export const ANYTHING: Scope = { sid: 'Read', resources: () => ['*'] };

/** The tag that says whose a thing is; where a policy is for every stack, that it is one of ours. */
const owner = (place: PolicyPlace, of: 'RequestTag' | 'ResourceTag'): Readonly<Record<string, readonly string[]>> =>
  place.stack === '*' ? { [`aws:${of}/${TAG.managed}`]: ['true'] } : { [`aws:${of}/${TAG.stack}`]: [place.stack] };

export const requestTag = (place: PolicyPlace) => owner(place, 'RequestTag');
export const resourceTag = (place: PolicyPlace) => owner(place, 'ResourceTag');

/**
 * A person's own tags only: whoever could change the tags by which things are told apart, could pass them to another stack.
 * Without the second condition a call that names no tags would be allowed as well.
 */
export const ONLY_OTHER_TAGS = {
  'ForAllValues:StringNotLike': { 'aws:TagKeys': ['temporal-fargate:*'] },
  Null: { 'aws:TagKeys': ['false'] },
} as const;
