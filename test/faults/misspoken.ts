import { iamActionOf } from '../../src/aws/failed-call.ts';
import type { CliResult } from '../helpers/cli.ts';
import type { Cell } from './cells.ts';
import { DISTURBANCES, type Disturbance } from './disturbances.ts';

/** What is wrong with how a run that a fault has ended says so: one clear sentence with the fix, and no stack. */
export function misspoken(cell: Cell, { code, stderr }: CliResult): string | undefined {
  const { says, fix }: Disturbance = DISTURBANCES[cell.disturbance];
  const of = (pattern: RegExp): RegExp => new RegExp(pattern.source.replace('ACTION', actionOf(cell)));
  const story = stderr.slice(Math.max(0, stderr.lastIndexOf('✖')));
  if (code !== 1) return `it ended with ${code}: ${stderr.slice(-600)}`;
  if (!/^✖ .+\n {2}\S/.test(story)) return `it does not say what to do: ${stderr.slice(-600)}`;
  if (/^\s+at .*:\d+|This is not expected/m.test(story)) return `it was not expected: ${story}`;
  if (says && !of(says).test(story)) return `it does not say ${says}: ${story}`;
  if (fix && !of(fix).test(story)) return `it does not advise ${fix}: ${story}`;
  return undefined;
}

/** Prefix of IAM actions by the name that requests are signed for, where it is another. */
const IAM_PREFIX: Readonly<Record<string, string>> = { monitoring: 'cloudwatch', tagging: 'tag' };

const actionOf = ({ service, operation }: Cell): string =>
  service === 's3' ? iamActionOf({ service: 'S3', operation }) : `${IAM_PREFIX[service] ?? service}:${operation}`;
