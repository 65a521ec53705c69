import * as z from 'zod';
import type { UserError } from '../src/errors.ts';
import { stateError } from './errors.ts';
import { deploymentRecord } from './history.ts';
import { type Fields, MIGRATIONS, migrate } from './migrations.ts';

/** The schema that this version of the program writes. */
export const SCHEMA_VERSION = MIGRATIONS.length + 1;

const stepRecord = z.strictObject({
  /** What AWS answered. Absent: an intent; the create may have been carried out or not. */
  id: z.string().min(1).optional(),
  /** Client token of the create, kept for as long as the intent may have to be repeated. */
  token: z.string().min(1),
  /** Counts the creates of this step: 1 for the first. */
  generation: z.int().min(1),
  /** ISO 8601, by the clock of the machine that asked. */
  startedAt: z.string(),
  /**
   * The thing of this step whose deletion was asked for last: AWS may go on listing it. Written before the call, and
   * kept when another thing takes its place. `at` is ISO 8601, by the same clock.
   */
  deletion: z.strictObject({ id: z.string(), at: z.string() }).optional(),
});

const document = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  stack: z.string(),
  /** Random; also in the ownership tags. Never changes in the life of a stack. */
  stackId: z.string(),
  accountId: z.string(),
  region: z.string(),
  /** Raised by whoever takes the lock over from a holder that did not release it, so that its next write fails. */
  epoch: z.int().min(0),
  /** Raised by every write. */
  serial: z.int().min(0),
  /** Random per writing process: recognises one's own write when the answer to it was lost. */
  writer: z.string(),
  /** ISO 8601, by the clock of the machine that wrote. */
  writtenAt: z.string(),
  /** The command that wrote it: "init". */
  operation: z.string(),
  /** Version of temporal-fargate that wrote it. */
  cliVersion: z.string(),
  /**
   * Configs whose things may exist: the last one is in force, earlier ones stay until a run has succeeded with it, so
   * that what only they had is still found and taken down. Parsed by src/config/schema.ts, opaque here.
   */
  configs: z.array(z.record(z.string(), z.unknown())),
  steps: z.record(z.string(), stepRecord),
  /** Task definitions whose workers were seen to poll, or to be healthy: what else runs is not proven yet. */
  proven: z.array(z.string()),
  /** Deployments, oldest first. */
  history: z.array(deploymentRecord),
});

export type StepRecord = z.infer<typeof stepRecord>;
export type StateDocument = z.infer<typeof document>;

export function newDocument(init: Pick<StateDocument, 'stack' | 'stackId' | 'accountId' | 'region'>): StateDocument {
  return {
    schemaVersion: SCHEMA_VERSION,
    ...init,
    epoch: 0,
    serial: 0,
    writer: '',
    writtenAt: '',
    operation: '',
    cliVersion: '',
    configs: [],
    steps: {},
    proven: [],
    history: [],
  };
}

interface Expected {
  /** How a person finds the object: `s3://bucket/key` */
  readonly where: string;
  readonly stack: string;
  readonly accountId: string;
  readonly region: string;
}

/**
 * Reads a stored document. Throws `UserError` STATE_DAMAGED, STATE_NEWER or STATE_FOREIGN; never repairs by guessing.
 *
 * @param text `undefined`: what is stored is not UTF-8
 */
export function parseDocument(text: string | undefined, expected: Expected): StateDocument {
  const fields = parseFields(text, expected);
  const version = fields.schemaVersion;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
    throw damaged(expected, 'it has no schemaVersion, so it is of another program');
  }
  if (version > SCHEMA_VERSION) throw newer(expected, fields, version);
  const parsed = document.safeParse(migrated(expected, fields, version));
  if (!parsed.success) throw damaged(expected, z.prettifyError(parsed.error).replaceAll('\n', ' '), parsed.error);
  for (const key of IDENTITY) {
    if (parsed.data[key] === expected[key]) continue;
    const message = `reading state ${expected.where}: it belongs to ${key} ${parsed.data[key]}, expected ${expected[key]}`;
    throw stateError('STATE_FOREIGN', message, { stack: expected.stack });
  }
  // Everything is named after what the config says, so one of another stack would be looked for and deleted there.
  for (const config of parsed.data.configs) {
    const key = IDENTITY.find((one) => config[one] !== undefined && config[one] !== expected[one]);
    if (key) throw damaged(expected, `a config in it is for ${key} ${String(config[key])}`);
  }
  return parsed.data;
}

const IDENTITY = ['stack', 'accountId', 'region'] as const;

function parseFields(text: string | undefined, expected: Expected): Fields {
  if (text === undefined) throw damaged(expected, 'it is not UTF-8 text');
  if (text.trim() === '') throw damaged(expected, 'it is empty');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged(expected, 'it is not JSON', cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw damaged(expected, 'it is not an object');
  }
  return value as Fields;
}

function migrated(expected: Expected, fields: Fields, version: number): Fields {
  try {
    return migrate(fields, version);
  } catch (cause) {
    throw damaged(expected, `it cannot be brought from schema ${version} to ${SCHEMA_VERSION}`, cause);
  }
}

function newer({ where }: Expected, { cliVersion }: Fields, version: number): UserError {
  // Only what npx would understand goes into a command that people copy.
  const known = typeof cliVersion === 'string' && /^\d+\.\d+\.\d+(-[\w.]+)?$/.test(cliVersion);
  const writer = known ? cliVersion : 'latest';
  return stateError(
    'STATE_NEWER',
    `reading state ${where}: temporal-fargate ${writer} wrote it in schema ${version}; this version knows schema ${SCHEMA_VERSION}`,
    { version: writer },
  );
}

/** @param why completes "the document is damaged: …" */
export function damaged({ where, stack }: Pick<Expected, 'where' | 'stack'>, why: string, cause?: unknown): UserError {
  return stateError('STATE_DAMAGED', `reading state ${where}: the document is damaged: ${why}`, { stack }, cause);
}
