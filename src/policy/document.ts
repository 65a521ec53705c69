import type { Conditions, Permission, PolicyPlace } from '../steps/permission.ts';

/** An IAM policy document as it is printed. */
export interface Document {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PrintedStatement[];
}

export interface PrintedStatement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** Characters of a customer-managed policy, white space not counted. Source: IAM user guide, "IAM and STS quotas". */
export const LONGEST_POLICY = 6144;

/** Allows the same actions on the same things, under the same conditions. */
interface Grant {
  readonly sid: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: Conditions;
}

/**
 * The statements that allow all of it, one for each scope: what differs in its actions, its things or in one condition only
 * is joined. Sorted by Sid, so that the same permissions always read the same.
 */
export function statementsOf(permissions: readonly Permission[], place: PolicyPlace): PrintedStatement[] {
  const grants = permissions.flatMap(({ scope, actions }): Grant[] => {
    const resources = scope.resources(place);
    if (resources.length === 0) return [];
    return [{ sid: scope.sid, actions, resources, conditions: scope.conditions?.(place) ?? {} }];
  });
  // Widest first: what has the same things takes their actions together, and only then their values can be joined.
  const byThings = joined(grants, ['resources', 'conditions'], 'actions');
  const byValues = joined(byThings, ['actions', 'resources'], 'conditions');
  return byValues.sort((a, b) => order(a.sid, b.sid)).map(print);
}

/** Joins the grants that are the same in `same`, by the union of `apart`. */
function joined(grants: readonly Grant[], same: readonly (keyof Grant)[], apart: 'actions' | 'conditions'): Grant[] {
  const found: Grant[] = [];
  for (const grant of grants) {
    const at = found.findIndex((other) => same.every((key) => textOf(other[key]) === textOf(grant[key])));
    const other = found[at];
    const one = other && (apart === 'actions' ? withActions(other, grant) : withValues(other, grant));
    if (one) found[at] = one;
    else found.push(grant);
  }
  return found;
}

const withActions = (one: Grant, other: Grant): Grant => ({ ...one, actions: union(one.actions, other.actions) });

/** `undefined` when they differ in more than the values of one condition: together they would allow more than apart. */
function withValues(one: Grant, other: Grant): Grant | undefined {
  const differing = keysOf({ ...one.conditions, ...other.conditions }, one.conditions, other.conditions);
  const [only, ...more] = differing;
  if (only === undefined || more.length > 0) return undefined;
  const [operator, key] = only;
  const [mine, theirs] = [one.conditions[operator]?.[key], other.conditions[operator]?.[key]];
  if (mine === undefined || theirs === undefined) return undefined;
  const conditions = {
    ...one.conditions,
    [operator]: { ...one.conditions[operator], [key]: union(mine, theirs) },
  };
  return { ...one, conditions };
}

/** Operator and key of each condition that is not the same in both. */
function keysOf(all: Conditions, one: Conditions, other: Conditions): (readonly [operator: string, key: string])[] {
  return Object.keys(all).flatMap((operator) =>
    [...new Set([...Object.keys(one[operator] ?? {}), ...Object.keys(other[operator] ?? {})])]
      .filter((key) => textOf(one[operator]?.[key]) !== textOf(other[operator]?.[key]))
      .map((key) => [operator, key] as const),
  );
}

function print({ sid, actions, resources, conditions }: Grant): PrintedStatement {
  const Condition = Object.fromEntries(
    Object.entries(conditions).map(([operator, tests]) => [
      operator,
      Object.fromEntries(Object.entries(tests).map(([key, values]) => [key, oneOrMany(values)])),
    ]),
  );
  return {
    Sid: sid,
    Effect: 'Allow',
    Action: oneOrMany([...actions].sort(order)),
    Resource: oneOrMany([...resources].sort(order)),
    ...(Object.keys(Condition).length > 0 && { Condition }),
  };
}

/**
 * As few documents as hold all statements, each within IAM's limit: the largest first, each into the first document that
 * has room for it.
 */
export function documentsOf(statements: readonly PrintedStatement[], longest = LONGEST_POLICY): Document[] {
  const bins: PrintedStatement[][] = [];
  for (const statement of [...statements].sort((a, b) => lengthOf(b) - lengthOf(a))) {
    const bin = bins.find((some) => lengthOf(documentWith([...some, statement])) <= longest);
    if (bin) bin.push(statement);
    else bins.push([statement]);
  }
  return bins.map((some) => documentWith(some.sort((a, b) => order(a.Sid, b.Sid))));
}

export const documentWith = (Statement: readonly PrintedStatement[]): Document => ({
  Version: '2012-10-17',
  Statement,
});

/** As IAM counts it. */
const lengthOf = (value: unknown): number => JSON.stringify(value).length;

const textOf = (value: unknown): string => JSON.stringify(value) ?? '';

const union = (one: readonly string[], other: readonly string[]): string[] => [...new Set([...one, ...other])];

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** IAM takes both; one is what is usual, and shorter. */
const oneOrMany = (texts: readonly string[]): string | readonly string[] =>
  texts.length === 1 ? (texts[0] ?? '') : texts;
