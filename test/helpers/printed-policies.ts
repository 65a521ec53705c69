import { boundaryArn, type PolicyCommand, policyDocuments } from '../../src/policy/index.ts';
import { USABLE } from '../../src/steps/used.ts';
import type { OfCommand, Statement } from './authorizations.ts';

const PLACE = { accountId: '123456789012', region: 'us-east-1', partition: 'aws' } as const;
const STACK_TAG = 'temporal-fargate:stack';

interface Printed {
  readonly command: PolicyCommand;
  /** `undefined` or empty for all stacks. */
  readonly stack: string | undefined;
  /** Everything that was asked: it shows which things of others a person would name with `--uses`. */
  readonly asked: readonly OfCommand[];
}

const known = new Map<string, readonly Statement[]>();

/** The statements of what `policy --for COMMAND [--stack STACK]` prints, for the region in which something is asked. */
export function printedFor({ command, stack, asked }: Printed, one?: OfCommand): readonly Statement[] {
  const region = regionOf(one);
  const key = [command, region, stack].join(' ');
  const statements =
    known.get(key) ??
    policyDocuments({
      ...{ ...PLACE, commands: [command], stack: stack || undefined, region },
      uses: usesOf(asked, stack),
    }).flatMap(({ document }) => document.Statement);
  known.set(key, statements);
  return statements;
}

const regionOf = (one?: OfCommand): string => String(one?.context['aws:RequestedRegion'] ?? PLACE.region);

/** Things of others that a stack used: of a kind that can be used, and not its own by name or tag. */
function usesOf(asked: readonly OfCommand[], stack: string | undefined): string[] {
  const own = new Set(
    asked.filter(({ context }) => context[`aws:ResourceTag/${STACK_TAG}`] === stack).map(({ resource }) => resource),
  );
  const all = asked
    .filter((one) => one.stack === stack)
    .flatMap(({ resource, context }) => [resource, context['iam:PolicyARN'] ?? []].flat());
  const isUsable = (arn: string): boolean => Object.values(USABLE).some((kind) => kind.test(arn));
  const isOfOther = (arn: string): boolean =>
    arn.includes(':repository/temporal-fargate/') && !arn.endsWith(`/temporal-fargate/${stack}`);
  const isNamedOurs = (arn: string): boolean => /[:/]temporal-fargate[/-]/.test(arn) && !isOfOther(arn);
  return [...new Set(all)].filter((arn) => isUsable(arn) && !own.has(arn) && !isNamedOurs(arn));
}

const OF_BOUNDED_ROLES = new Set([
  'iam:AttachRolePolicy',
  'iam:CreateRole',
  'iam:DetachRolePolicy',
  'iam:PutRolePermissionsBoundary',
  'iam:PutRolePolicy',
  'iam:UpdateAssumeRolePolicy',
]);

/**
 * As somebody asks it who has no more than the printed policy, and so gives every role the boundary. Most tests run as an
 * administrator, without one.
 */
export function asOperator(one: OfCommand): OfCommand {
  if (!OF_BOUNDED_ROLES.has(one.action)) return one;
  const boundary = boundaryArn({ ...PLACE, region: regionOf(one), stack: one.stack || undefined });
  return { ...one, context: { ...one.context, 'iam:PermissionsBoundary': boundary } };
}

/** The same on the thing of another stack, by name and by tag; `undefined` when nothing in it is of a stack. */
export function elsewhere(one: OfCommand, other: string): OfCommand | undefined {
  if (one.stack === '') return undefined;
  const rename = (text: string): string => text.replaceAll(nameIn(one), other);
  const context = Object.fromEntries(
    Object.entries(one.context).map(([key, value]) => [key, typeof value === 'string' ? rename(value) : value]),
  );
  const theirs = { ...one, resource: rename(one.resource), context };
  return JSON.stringify(theirs) === JSON.stringify(one) ? undefined : theirs;
}

/** The same on a thing without tags; `undefined` when it has no tag of ours, or its name says whose it is. */
export function untagged(one: OfCommand): OfCommand | undefined {
  const tagged = Object.keys(one.context).some((key) => key.endsWith(`Tag/${STACK_TAG}`));
  if (one.stack === '' || !tagged || nameIn(one).test(one.resource)) return undefined;
  const kept = Object.entries(one.context).filter(([key]) => !/^aws:(ResourceTag|RequestTag)\//.test(key));
  return { ...one, context: Object.fromEntries(kept) };
}

/** The name of the stack as a word: `dev` is not in `devices`. */
const nameIn = ({ stack }: OfCommand): RegExp => new RegExp(`(?<![a-z0-9])${stack}(?![a-z0-9])`, 'g');
