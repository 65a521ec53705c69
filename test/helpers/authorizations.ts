import { readFileSync } from 'node:fs';
import { runSimulation } from '@cloud-copilot/iam-simulate';
import type { PrintedStatement } from '../../src/policy/index.ts';

export type Context = Readonly<Record<string, string | readonly string[]>>;

/** What AWS asks IAM for one call. */
export interface Authorization {
  /** Service and operation: "ec2 CreateVpc". */
  readonly operation: string;
  readonly action: string;
  /** An ARN, or `*`; a star in it stands for an id that is not given out yet. */
  readonly resource: string;
  readonly context: Context;
}

/** What a command of the program was asked for. */
export interface OfCommand extends Authorization {
  readonly command: string;
  /** Empty for commands about all stacks. */
  readonly stack: string;
}

/** What ECS and a worker were asked for in the name of a role, which had these policies then. */
export interface OfRole extends Authorization {
  readonly role: string;
  readonly policies: readonly string[];
  readonly boundary: readonly string[];
}

export interface AuthorizationRecord {
  readonly commands: readonly OfCommand[];
  readonly roles: readonly OfRole[];
  /** Operations of which nobody has written down yet what they are asked for. */
  readonly problems: readonly string[];
}

type Line = Authorization & Partial<OfCommand & OfRole> & { readonly problem?: string };

/** Reads what emulators have written (see authorization_record.py), each thing once. */
export function readAuthorizations(path: string): AuthorizationRecord {
  const seen = new Map<string, Line>();
  // Emulators of one run write the same lines: most are told apart without looking for their ids.
  for (const text of new Set(readFileSync(path, 'utf8').split('\n'))) {
    const key = withoutIds(text);
    if (text !== '' && !seen.has(key)) seen.set(key, JSON.parse(text));
  }
  const lines = [...seen.values()];
  const asked = lines.filter(({ problem }) => problem === undefined);
  return {
    commands: asked.filter((line): line is Line & OfCommand => line.command !== undefined),
    roles: asked.filter((line): line is Line & OfRole => line.role !== undefined),
    problems: lines.flatMap(({ problem }) => problem ?? []),
  };
}

/** As authorization_record.py does: about a thing with another id, revision or key there is nothing new to ask. */
const RANDOM =
  /(?<=-data-)\d{12}-[\w-]+\/(?:[^"\\]|\\.)*|[0-9a-f]{8,}(-[0-9a-f]{4,})*|secret:[^:]*?-\w{6}\b|:\d+\b|scalable-target\/\w+/g;
/** Tags by which no policy of ours tells things apart, and the call: other calls are asked for the same. */
const INDIFFERENT =
  /"aws:\w+Tag\/(Name|temporal-fargate:(resource|stack-id|hash)|aws:[\w:]+)": "(?:[^"\\]|\\.)*"|"operation": "[^"]*"/g;
const withoutIds = (text: string): string => text.replace(INDIFFERENT, '').replace(RANDOM, '#');

export type Statement = PrintedStatement;

export interface Verdict {
  readonly allowed: boolean;
  /** The statements that allow it, each by itself. */
  readonly by: readonly Statement[];
  /** Keys that this action does not have: a condition on one of them would never hold. */
  readonly unknownKeys: readonly string[];
}

/**
 * What IAM would say, by a simulator that has the Service Authorization Reference. Only `Allow` statements whose actions are
 * written out: others than those of the action have no part in it, and are left out for speed.
 *
 * @throws when the reference has no such action, or not on such a resource
 */
export async function verdictOf(
  { action, resource, context }: Pick<Authorization, 'action' | 'resource' | 'context'>,
  statements: readonly Statement[],
  boundary?: readonly Statement[],
): Promise<Verdict> {
  const accountId = String(context['aws:PrincipalAccount']);
  const contextVariables = Object.fromEntries(
    Object.entries(context).map(([key, value]) => [key, typeof value === 'string' ? value : [...value]]),
  );
  const about = statements.filter((statement) => isAbout(statement, action));
  const answer = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${accountId}:user/operator`,
        action,
        resource: { resource: withAnId(resource), accountId },
        contextVariables,
      },
      // Each with a name of its own, by which the simulator says what has allowed it.
      identityPolicies: about.map((statement, at) => ({ name: String(at), policy: documentOf([statement]) })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      // A key of KMS is the account's to give, as long as its own policy is the default one.
      ...(action.startsWith('kms:') && { resourcePolicy: keyPolicyOf(accountId) }),
      ...(boundary && { permissionBoundaryPolicies: [{ name: 'boundary', policy: documentOf(boundary) }] }),
    },
    {},
  );
  if (answer.resultType === 'error') throw new Error(`${action} on ${resource}: ${JSON.stringify(answer.errors)}`);
  const results = answer.resultType === 'single' ? [answer.result] : answer.results;
  return {
    allowed: answer.overallResult === 'Allowed',
    by: results.flatMap(({ analysis }) =>
      (analysis.identityAnalysis?.allowStatements ?? []).flatMap(({ policyId }) => about[Number(policyId)] ?? []),
    ),
    unknownKeys: results.flatMap(({ ignoredContextKeys }) => ignoredContextKeys ?? []),
  };
}

const isAbout = ({ Action }: Statement, action: string): boolean =>
  [Action].flat().some((one) => one.toLowerCase() === action.toLowerCase() || one.includes('*'));

const keyPolicyOf = (accountId: string) => ({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${accountId}:root` }, Action: 'kms:*', Resource: '*' },
  ],
});

const documentOf = (Statement: readonly Statement[]) => ({ Version: '2012-10-17', Statement });

/** To the simulator a star in a request is all things at once; AWS asks for one thing that has no id yet. */
const withAnId = (resource: string): string => (resource === '*' ? resource : resource.replaceAll('*', '0'));
