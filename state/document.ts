import { z } from 'zod';
import { UserError } from '../src/errors.ts';

/** The newest schema this version writes. Add a migration below for every step up. */
export const SCHEMA_VERSION = 1;

const stepRecord = z.strictObject({
  /** What AWS answered. Absent: an intent; the create may have been carried out or not. */
  id: z.string().optional(),
  /** Client token of the create, kept for as long as the intent may have to be repeated. */
  token: z.string(),
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
  writtenAt: z.string(),
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
    cliVersion: '',
    configs: [],
    steps: {},
    proven: [],
  };
}

/** From each schema version to the next. */
const migrations: Readonly<Record<number, (old: Record<string, unknown>) => Record<string, unknown>>> = {};

/**
 * Reads a stored document. Throws `UserError` STATE_DAMAGED, STATE_NEWER or STATE_FOREIGN; never repairs by guessing.
 *
 * @param where how a person finds the object: `s3://bucket/key`
 */
export function parseDocument(
  text: string,
  expected: { where: string; stack: string; accountId: string; region: string },
): StateDocument {
  const { where } = expected;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged(where, 'it is not JSON', cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged(where, 'it is not an object');
  let current = value as Record<string, unknown>;
  const found = current.schemaVersion;
  if (typeof found !== 'number' || !Number.isInteger(found) || found < 1) {
    throw damaged(where, 'it has no schemaVersion');
  }
  if (found > SCHEMA_VERSION) {
    throw new UserError({
      code: 'STATE_NEWER',
      message: `reading state ${where}: it was written by temporal-fargate ${String(current.cliVersion)} (schema ${found}); this version knows schema ${SCHEMA_VERSION}`,
      fix: 'Update: npx temporal-fargate@latest. The document was not changed.',
    });
  }
  for (let version = found; version < SCHEMA_VERSION; version += 1) {
    const migrate = migrations[version];
    if (!migrate) throw damaged(where, `there is no way from schema ${version} to ${SCHEMA_VERSION}`);
    current = migrate(current);
  }
  const parsed = document.safeParse(current);
  if (!parsed.success) throw damaged(where, z.prettifyError(parsed.error).replaceAll('\n', ' '));
  for (const key of ['stack', 'accountId', 'region'] as const) {
    if (parsed.data[key] !== expected[key]) {
      throw new UserError({
        code: 'STATE_FOREIGN',
        message: `reading state ${where}: it belongs to ${key} ${parsed.data[key]}, expected ${expected[key]}`,
        fix: 'Somebody copied it here. Restore the right version of the object, or choose another stack name.',
      });
    }
  }
  return parsed.data;
}

function damaged(where: string, why: string, cause?: unknown): UserError {
  return new UserError({
    code: 'STATE_DAMAGED',
    message: `reading state ${where}: the document is damaged: ${why}`,
    fix: 'The bucket is versioned: restore an earlier version of the object (temporal-fargate state versions lists them), then run the command again. Nothing was overwritten.',
    cause,
  });
}
