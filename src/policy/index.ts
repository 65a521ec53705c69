import type { PolicyPlace } from '../steps/permission.ts';
import { boundaryStatements } from './boundary.ts';
import { permissionsOf } from './commands.ts';
import { type Document, documentsOf, documentWith, statementsOf } from './document.ts';
import type { PolicyCommand } from './names.ts';

export { type Document, LONGEST_POLICY, type PrintedStatement } from './document.ts';
export { POLICY_COMMANDS, type PolicyCommand } from './names.ts';

export interface PolicyRequest {
  readonly accountId: string;
  readonly region: string;
  /** `aws`, `aws-cn`, `aws-us-gov` */
  readonly partition: string;
  /** The one stack that it is about; `undefined` for every stack of the account and region. */
  readonly stack: string | undefined;
  /** ARN of the permissions boundary of the roles; that of `boundaryDocument` when left out. */
  readonly boundary?: string | undefined;
  /** ARNs of things of others that the stack uses: a VPC, secrets, repositories, KMS keys, managed policies. */
  readonly uses?: readonly string[];
}

/** A customer-managed policy: its name and what it says. */
export interface Policy {
  readonly name: string;
  readonly document: Document;
}

/** What a person needs to run these commands, and nothing besides, in as few policies as IAM's limit allows. Pure. */
export function policyDocuments(request: PolicyRequest & { readonly commands: readonly PolicyCommand[] }): Policy[] {
  const { commands, stack } = request;
  const statements = statementsOf(
    commands.flatMap((command) => permissionsOf(command, stack)),
    placeOf(request),
  );
  const documents = documentsOf(statements);
  const name = nameOf(request, ...(commands.length > 3 ? ['operator'] : commands));
  return documents.map((document, at) => ({ name: documents.length === 1 ? name : `${name}-${at + 1}`, document }));
}

/** The most that a role made by `init` can ever do, whatever policies it has. Pure. */
export function boundaryDocument(request: PolicyRequest): Policy {
  const name = boundaryArn(request).split('/').at(-1) ?? '';
  return { name, document: documentWith(boundaryStatements(placeOf(request))) };
}

/**
 * ARN of the policy that `boundaryDocument` describes. A stack has one of its own: whoever writes the policies of its roles
 * could else let them read another stack's secrets.
 */
export const boundaryArn = (request: PolicyRequest): string =>
  request.boundary ?? `arn:${request.partition}:iam::${request.accountId}:policy/${nameOf(request, 'boundary')}`;

/** Policies belong to no region, so their names say which one they are about. */
const nameOf = ({ region, stack }: PolicyRequest, ...what: readonly string[]): string =>
  ['temporal-fargate', region, stack ?? [], ...what].flat().join('-');

const placeOf = (request: PolicyRequest): PolicyPlace => ({
  partition: request.partition,
  region: request.region,
  accountId: request.accountId,
  stack: request.stack ?? '*',
  boundary: boundaryArn(request),
  uses: request.uses ?? [],
});
