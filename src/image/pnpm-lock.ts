import { posix } from 'node:path';
import type { Closure, Extent } from './lock.ts';

/**
 * pnpm-lock.yaml, version 9 (pnpm 9 to 12). pnpm writes it in one fixed form, so that its parts can be told apart by
 * their indents, and taken over as they are written.
 */
export interface PnpmLock {
  /** All but the three below, as text: settings, overrides, patches. */
  readonly rest: readonly string[];
  /** The local packages by folder; "." is that of the lock. */
  readonly importers: ReadonlyMap<string, Block>;
  /** By name and version: where they come from. */
  readonly packages: ReadonlyMap<string, Block>;
  /** By name, version and peers: what they depend on. */
  readonly snapshots: ReadonlyMap<string, Block>;
}

/** A key, what stands behind it on its line, and the lines below it. */
interface Block {
  readonly key: string;
  readonly value: string;
  readonly lines: readonly string[];
}

const SECTIONS = ['importers', 'packages', 'snapshots'] as const;

/** @returns `undefined` for a lock file of another version */
export function parsePnpmLock(text: string): PnpmLock | undefined {
  const top = blocks(text.split(/\r?\n/), 0);
  if (!/^'?9\.\d+'?$/.test(top.get('lockfileVersion')?.value ?? '')) return undefined;
  const section = (name: (typeof SECTIONS)[number]) => blocks(top.get(name)?.lines ?? [], 2);
  const rest = [...top.values()].filter(({ key }) => !SECTIONS.some((name) => name === key));
  return {
    rest: rest.flatMap((block) => written(block, 0)),
    importers: section('importers'),
    packages: section('packages'),
    snapshots: section('snapshots'),
  };
}

/**
 * The part of a lock file that one local package needs. pnpm installs from that part just what it would install for this
 * package from the whole.
 *
 * @param folder of the package: "" or "packages/worker"
 */
export function pnpmClosure(lock: PnpmLock, folder: string, extent: Extent): Closure & { readonly lock: string } {
  const kinds = ['dependencies', 'optionalDependencies', ...(extent === 'build' ? ['devDependencies'] : [])];
  const locals: string[] = [];
  const links = new Map<string, string>();
  const importers = new Map<string, Block>();
  const snapshots = new Map<string, Block>();

  const visitLocal = (local: string): void => {
    const importer = lock.importers.get(local || '.');
    if (importers.has(local) || importer === undefined) return;
    const parts = [...blocks(importer.lines, 4).values()].filter(({ key }) => kinds.includes(key));
    importers.set(local, { ...importer, lines: parts.flatMap((part) => written(part, 4)) });
    for (const { key: name, lines } of parts.flatMap((part) => [...blocks(part.lines, 6).values()])) {
      const version = scalar(blocks(lines, 8).get('version')?.value ?? '');
      if (version.startsWith('link:')) {
        const target = posix.join(local, version.slice('link:'.length)).replace(/^\.$/, '');
        links.set(posix.join(local, 'node_modules', name), target);
        visitLocal(target);
      } else visitInstalled(name, version);
    }
    locals.push(local);
  };
  const visitInstalled = (name: string, version: string): void => {
    // An alias has the whole name as its version: "npm:ms@2.1.3" is locked as ms@2.1.3.
    const key = lock.snapshots.has(`${name}@${version}`) ? `${name}@${version}` : version;
    const snapshot = lock.snapshots.get(key);
    if (snapshot === undefined || snapshots.has(key)) return;
    snapshots.set(key, snapshot);
    for (const { key: kind, lines } of blocks(snapshot.lines, 4).values()) {
      if (!/^(optionalD|d)ependencies$/.test(kind)) continue;
      for (const dependency of blocks(lines, 6).values()) visitInstalled(dependency.key, scalar(dependency.value));
    }
  };
  visitLocal(folder);

  const packages = new Map([...snapshots.keys()].map(withoutPeers).map((key) => [key, lock.packages.get(key)]));
  const text = [
    ...lock.rest,
    ...section('importers', importers.values()),
    ...section('packages', packages.values()),
    ...section('snapshots', snapshots.values()),
  ];
  return { locals, links, unmet: new Map(), lock: `${text.join('\n')}\n` };
}

/** "@temporalio/worker@1.24.0(webpack@5.1.0)" -> "@temporalio/worker@1.24.0" */
const withoutPeers = (key: string): string => key.replace(/\(.*$/, '');

function section(name: string, found: Iterable<Block | undefined>): string[] {
  const kept = [...found].filter((block) => block !== undefined);
  const byKey = kept.sort((a, b) => (a.key < b.key ? -1 : 1));
  return [`${name}:`, ...byKey.flatMap((block) => written(block, 2))];
}

/** The keys at one indent, each with the deeper lines below it. */
function blocks(lines: readonly string[], indent: number): Map<string, Block> {
  const found = new Map<string, { key: string; value: string; lines: string[] }>();
  let current: string[] | undefined;
  for (const line of lines) {
    const [, spaces = '', quoted, plain, value = ''] = KEY.exec(line) ?? [];
    const key = quoted ?? plain;
    if (spaces.length === indent && key !== undefined) {
      current = [];
      found.set(key, { key, value, lines: current });
    } else current?.push(line);
  }
  for (const { lines: own } of found.values()) while (own.at(-1) === '') own.pop();
  return found;
}

/** A key may hold a colon ("file:x.tgz") as long as no space follows; one that begins like YAML's own signs is quoted. */
const KEY = /^( *)(?:'([^']+)'|([^\s'"#-][^\s]*?)):(?: (.*))?$/;

const written = ({ key, value, lines }: Block, indent: number): string[] => [
  `${' '.repeat(indent)}'${key}':${value && ` ${value}`}`,
  ...lines,
];

const scalar = (text: string): string => text.replace(/^(['"])(.*)\1$/, '$2');
