import { type FailedCall, iamActionOf } from './failed-call.ts';

/** Who may not do what with what, as far as AWS says it. */
interface Denial {
  readonly who?: string | undefined;
  readonly action?: string | undefined;
  readonly resource?: string | undefined;
  /** "with an explicit deny in a service control policy" */
  readonly because?: string | undefined;
}

/**
 * AWS's sentence, the same in all services that give one. S3 may only say "Access Denied"; then the call tells the action.
 * Source: IAM user guide, "Access denied error message examples" (2026-11).
 */
const SENTENCE =
  /User: (?<who>\S+) is not authorized to perform: (?<action>[\w-]+:\w+)(?: on resource: "?(?<resource>[^\s"]+)"?)?(?:\.? ?(?<because>(?:because|with) [^.]+))?/;

function denialOf(error: Error, call: FailedCall | undefined): Denial {
  const said: Denial = SENTENCE.exec(error.message)?.groups ?? {};
  return { ...said, action: said.action ?? (call && iamActionOf(call)) };
}

export interface DeniedText {
  readonly says: string;
  readonly fix: string;
}

/** What an error that denies access says, and what to grant. */
export function explainDenied(error: Error, call: FailedCall | undefined): DeniedText {
  const { who, action, resource, because } = denialOf(error, call);
  const where = resource === undefined ? '' : ` on ${resource}`;
  const explicit = because !== undefined && /explicit deny/.test(because);
  const says =
    action === undefined
      ? `access denied (${error.name})`
      : `${who ?? 'these credentials'} may not ${action}${where} (${error.name}${because ? `, ${because}` : ''})`;
  if (explicit) {
    return {
      says,
      fix: 'A policy denies it explicitly, so allowing it elsewhere does not help: ask whoever administers the account or the organization.',
    };
  }
  const grant = action === undefined ? 'it' : `${action}${where}`;
  const ask = `Allow ${grant} for these credentials, or ask whoever administers the account to.`;
  return { says, fix: [ask, ...printedPolicy(call, action)].join('\n') };
}

/** Which command prints all that is needed, and what is not in it; a line each. */
export function printedPolicy(call: FailedCall | undefined, action?: string): string[] {
  if (!call?.purpose) return [];
  const { command, flags, besides } = call.purpose;
  const exception = exceptionOf(call, action);
  return [
    `All that ${command} needs: temporal-fargate policy --for ${command} ${flags}`.trimEnd(),
    ...(besides === undefined ? [] : [besides]),
    ...(exception === undefined ? [] : [exception]),
    'What was done is recorded: with that, run the same command again.',
  ];
}

/** What who works on one stack only is not allowed, or not like this. */
function exceptionOf({ ofState, operation }: FailedCall, action: string | undefined): string | undefined {
  if (ofState && /^(Create|Put)Bucket|^PutPublicAccessBlock$/.test(operation))
    return 'The state bucket is shared by all stacks, and made once by who may: temporal-fargate state create';
  if (operation === 'DeleteRolePermissionsBoundary') return 'Only an administrator takes the boundary off a role.';
  if (action !== undefined && WITH_BOUNDARY.has(action))
    return 'It is allowed for roles with the boundary only, which --permissions-boundary gives them: see temporal-fargate policy --boundary.';
  return undefined;
}

const WITH_BOUNDARY = new Set(
  ['AttachRolePolicy', 'CreateRole', 'PutRolePermissionsBoundary', 'PutRolePolicy', 'UpdateAssumeRolePolicy'].map(
    (operation) => `iam:${operation}`,
  ),
);
