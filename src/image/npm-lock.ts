import { posix } from 'node:path';
import * as z from 'zod';
import { type Closure, type Extent, isOutside } from './lock.ts';

const specs = z.record(z.string(), z.string()).optional();
/** What npm writes of one package; what is not read here is kept as it is. */
const entry = z.looseObject({
  resolved: z.string().optional(),
  link: z.boolean().optional(),
  dependencies: specs,
  devDependencies: specs,
  optionalDependencies: specs,
  peerDependencies: specs,
  peerDependenciesMeta: z.record(z.string(), z.looseObject({ optional: z.boolean().optional() })).optional(),
});
const lockFile = z.looseObject({ packages: z.record(z.string(), entry) });

/** By place: "" is the lock's own folder, "packages/worker" a local package, "node_modules/ms" an installed one. */
export type NpmLock = Readonly<Record<string, z.infer<typeof entry>>>;

/** @returns `undefined` for a lock file of npm 6 or older, which does not say where packages lie */
export function parseNpmLock(content: unknown): NpmLock | undefined {
  const parsed = lockFile.safeParse(content);
  return parsed.success ? parsed.data.packages : undefined;
}

/**
 * The part of a lock file that one local package needs, everything where it lies. npm installs from that part just what
 * it would install for this package from the whole.
 *
 * @param folder place of the package: "" or "packages/worker"
 */
export function npmClosure(lock: NpmLock, folder: string, extent: Extent): Closure {
  const visited = new Set<string>();
  const locals: string[] = [];
  const links = new Map<string, string>();
  const unmet = new Map<string, string[]>();

  /** @param seenFrom where its own dependencies are looked for */
  const visit = (place: string, seenFrom = place): void => {
    const found = lock[place];
    if (found === undefined || visited.has(place)) return;
    visited.add(place);
    if (found.link) {
      const target = found.resolved ?? '';
      links.set(place, target);
      visit(target, isOutside(target) ? place : target);
      return;
    }
    const local = isLocal(place);
    for (const { name, optional } of needs(found, local && extent === 'build')) {
      const next = resolve(lock, seenFrom, name);
      if (next !== undefined) visit(next);
      else if (local && !optional) unmet.set(place, [...(unmet.get(place) ?? []), name]);
    }
    if (local) locals.push(place);
  };
  // By way of its link where it has one: npm asks for the link of every workspace.
  visit(Object.keys(lock).find((place) => lock[place]?.link && lock[place].resolved === folder) ?? folder);
  const packages = Object.fromEntries(
    [...visited].sort().map((place) => [place, isLocal(place) ? withoutDevelopment(lock[place], extent) : lock[place]]),
  );
  return { locals, links, unmet, lock: packages };
}

const isLocal = (place: string): boolean => !/(^|\/)node_modules\//.test(place);

/** Peers that are optional come only with somebody who needs them otherwise. */
function* needs(
  { dependencies, devDependencies, optionalDependencies, peerDependencies, peerDependenciesMeta }: NpmLock[string],
  development: boolean,
): Generator<{ name: string; optional: boolean }> {
  for (const name of Object.keys({ ...dependencies, ...(development && devDependencies) }))
    yield { name, optional: optionalDependencies?.[name] !== undefined };
  for (const name of Object.keys(optionalDependencies ?? {})) yield { name, optional: true };
  for (const name of Object.keys(peerDependencies ?? {}))
    if (!peerDependenciesMeta?.[name]?.optional) yield { name, optional: false };
}

/** As Node looks for it: in the node_modules of the package itself, then of every folder above. */
function resolve(lock: NpmLock, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = parent(folder)) {
    const place = posix.join(folder, 'node_modules', name);
    if (posix.basename(folder) !== 'node_modules' && lock[place] !== undefined) return place;
    if (parent(folder) === folder) return undefined;
  }
}

/** "" of "packages", and of "". */
function parent(folder: string): string {
  const above = posix.dirname(folder);
  return above === '.' ? '' : above;
}

function withoutDevelopment(found: NpmLock[string] | undefined, extent: Extent): NpmLock[string] {
  const { devDependencies, ...rest } = found ?? {};
  return extent === 'build' ? { ...rest, devDependencies } : rest;
}
