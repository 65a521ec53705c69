import { describe, expect, it } from 'vitest';
import { stackConfig } from '../../src/config/schema.ts';
import { parseDocument, SCHEMA_VERSION } from '../../state/document.ts';
import { MIGRATIONS, type Migration, migrate } from '../../state/migrations.ts';
import { keptReleases, readRelease } from '../releases/kept-releases.ts';

const identity = { where: 'dev/state.json', stack: 'dev', accountId: '123456789012', region: 'us-east-1' };

/** State documents that real versions have written; see CONTRIBUTING.md, "Release". What becomes of their stacks: test/releases. */
const documents = keptReleases().map((name) => ({ name, text: readRelease(name).state }));
const versionOf = (text: string): number => JSON.parse(text).schemaVersion;

describe('migrations', () => {
  const renamed: Migration = ({ old, ...rest }) => ({ ...rest, new: old });
  const doubled: Migration = (fields) => ({ ...fields, new: Number(fields.new) * 2 });

  it('are applied one after the other from the version of the document on, and leave the original as it is', () => {
    const first = { schemaVersion: 1, old: 2, kept: 'yes' };
    expect(migrate(first, 1, [renamed, doubled])).toEqual({ schemaVersion: 3, new: 4, kept: 'yes' });
    expect(first).toEqual({ schemaVersion: 1, old: 2, kept: 'yes' });
    expect(migrate({ schemaVersion: 2, new: 2 }, 2, [renamed, doubled])).toEqual({ schemaVersion: 3, new: 4 });
    expect(migrate({ schemaVersion: 3, new: 2 }, 3, [renamed, doubled])).toEqual({ schemaVersion: 3, new: 2 });
  });

  it.each([
    ['single', 'private'],
    ['per-zone', 'private-per-az'],
    ['none', 'public'],
  ])('of a document with nat "%s" make it the network "%s"', (nat, preset) => {
    const first = documents.find(({ text }) => versionOf(text) === 1)?.text ?? '';
    const text = first.replace('"nat": "single"', `"nat": "${nat}"`);
    const { cidr, zones } = JSON.parse(text).configs[0].network;
    const [config] = parseDocument(text, identity).configs;
    expect(config?.network).toMatchObject({ preset, cidr, zones });
    expect(config?.network).not.toHaveProperty('nat');
  });

  it('lead to the version that this program writes, from every one for which there is a document', () => {
    expect(SCHEMA_VERSION).toBe(MIGRATIONS.length + 1);
    const kept = new Set(documents.map(({ text }) => versionOf(text)));
    expect(MIGRATIONS.map((_migration, index) => index + 1).filter((version) => !kept.has(version))).toEqual([]);
  });
});

describe.each(documents)('the document of $name', ({ text }) => {
  it('is brought to the newest version, with a config that is understood', () => {
    const document = parseDocument(text, identity);
    expect(document).toMatchObject({ schemaVersion: SCHEMA_VERSION, stack: 'dev' });
    expect(Object.values(document.steps).filter(({ id }) => id !== undefined).length).toBeGreaterThanOrEqual(25);
    expect(document.steps['image/worker-image/worker']?.id).toMatch(/^sha256:/);
    expect(document.steps).not.toHaveProperty(['image/worker-image']);
    expect(stackConfig.parse(document.configs.at(-1))).toMatchObject({ stack: 'dev', workers: [{ name: 'worker' }] });
  });
});
