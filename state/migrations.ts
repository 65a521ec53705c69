/** A state document of any version, as JSON gives it. */
export type Fields = Readonly<Record<string, unknown>>;

/** Pure: from a document of one schema version to the same one in the next. `schemaVersion` itself is set by `migrate`. */
export type Migration = (old: Fields) => Fields;

/**
 * The first leads from version 1 to 2, and so on: appending one raises the version that is written. Unknown fields are
 * refused, not kept, because an older program would carry them along while what they say becomes untrue; so a field that
 * is added or dropped needs a migration too, once the version before it was released. Of every version that can be
 * migrated from, test/releases keeps a stack that is upgraded.
 */
export const MIGRATIONS: readonly Migration[] = [
  // 1 -> 2: a config's network has a preset instead of `nat`.
  (old) => ({ ...old, configs: (old.configs as Fields[]).map(withPreset) }),
  // 2 -> 3: every worker has an image of its own; until then there was one worker, named `worker`.
  (old) => ({ ...old, steps: withImageOfWorker(old.steps as Fields) }),
  // 3 -> 4: deployments are recorded; of those before, the ones that are proven are known.
  (old) => ({ ...old, history: (old.proven as string[]).map((arn) => recordOf(arn, old)) }),
];

const PRESET_OF_NAT: Readonly<Record<string, string>> = {
  single: 'private',
  'per-zone': 'private-per-az',
  none: 'public',
};

function withPreset(config: Fields): Fields {
  const { nat, ...network } = config.network as Fields;
  return { ...config, network: { preset: PRESET_OF_NAT[String(nat)], ...network } };
}

function withImageOfWorker({ 'image/worker-image': image, ...steps }: Fields): Fields {
  return image === undefined ? steps : { ...steps, 'image/worker-image/worker': image };
}

/** @param arn "arn:…:task-definition/temporal-fargate-<stack>_<worker>:<revision>" */
function recordOf(arn: string, { steps, operation, writtenAt }: Fields): Fields {
  const worker = arn.replace(/^.*_/, '').replace(/:\d+$/, '');
  const image = ((steps as Fields)[`image/worker-image/${worker}`] as Fields | undefined)?.id;
  const at = { startedAt: writtenAt, endedAt: writtenAt };
  return {
    worker,
    taskDefinition: arn,
    ...(image !== undefined && { image }),
    command: operation,
    by: '',
    ...at,
    outcome: 'completed',
  };
}

/** Brings a document from version `from` to the newest. @param from 1 or more */
export function migrate(document: Fields, from: number, migrations = MIGRATIONS): Fields {
  return migrations
    .slice(from - 1)
    .reduce((old, migration, index) => ({ ...migration(old), schemaVersion: from + index + 1 }), document);
}
