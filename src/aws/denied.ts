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
  return { says, fix: `Allow ${grant} for these credentials, or ask whoever administers the account to.` };
}
