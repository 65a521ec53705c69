import { parsePairs } from './pairs.ts';
import { variableNameProblem } from './worker-environment.ts';

/** Where the value of a variable is. */
export interface SecretReference {
  /** The whole ARN, with its random suffix. */
  readonly arn: string;
  /** The value is what the secret's JSON object has under this key; left out, all of the secret. */
  readonly jsonKey?: string | undefined;
}

interface ParsedReferences {
  readonly references: Readonly<Record<string, SecretReference>>;
  readonly problem?: string;
}

/** An ARN, maybe with a key after a colon, maybe with the two empty places that ECS has behind that. */
const REFERENCE = /^(arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+)(?::([^:]*)(::|:)?)?$/;

/** "DB_PASSWORD=arn:...:secret:db-AbCdEf:password", one a line. */
export function parseSecretReferences(text: string): ParsedReferences {
  const { pairs, problem } = parsePairs(text);
  if (problem !== undefined) return { references: {}, problem };
  const references: [string, SecretReference][] = [];
  for (const [name, value] of Object.entries(pairs)) {
    const reference = referenceIn(value);
    const why = variableNameProblem(name) ?? (typeof reference === 'string' ? `${name} ${reference}` : undefined);
    if (why !== undefined || typeof reference === 'string') return { references: {}, problem: why ?? '' };
    references.push([name, reference]);
  }
  return { references: Object.fromEntries(references) };
}

/** As it is written after NAME=. */
export const referenceText = ({ arn, jsonKey }: SecretReference): string =>
  jsonKey === undefined ? arn : `${arn}:${jsonKey}`;

/** What is wrong does not quote the text: somebody may have written the secret itself. */
function referenceIn(value: string): SecretReference | string {
  const [, arn, jsonKey] = REFERENCE.exec(value) ?? [];
  if (arn !== undefined) {
    // What has no suffix is found out here; what only looks as if it had one, when AWS is asked.
    return /-[A-Za-z0-9]{6}$/.test(arn)
      ? { arn, ...(jsonKey && { jsonKey }) }
      : 'is not given the whole ARN: policies and ECS know a secret only with the six characters that AWS adds, as in -AbCdEf';
  }
  if (/^arn:aws[a-z-]*:ssm:/.test(value)) {
    return 'is given a parameter of Systems Manager; only secrets of Secrets Manager can be read';
  }
  if (/^arn:aws[a-z-]*:secretsmanager:(.*:){6}/.test(value)) {
    return 'is given a version of a secret; tasks read the one that is current, so write <ARN>:<json-key> and nothing after it';
  }
  return 'is given no ARN of a secret, such as arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf:password';
}
