/** For running it, or also for building it: with what the local packages need only for that. */
export type Extent = 'production' | 'build';

/**
 * What one local package needs of a lock file. Local packages are those of the user's own repository: the worker and
 * what is linked to it. Places and folders are relative to the lock's folder, with "/".
 */
export interface Closure {
  /** Folders of the local packages, each after those that it needs: the worker is the last. */
  readonly locals: readonly string[];
  /** Place in some node_modules -> folder of the local package that is linked there. */
  readonly links: ReadonlyMap<string, string>;
  /** Folder of a local package -> names that it needs and that the lock has not installed where it would find them. */
  readonly unmet: ReadonlyMap<string, readonly string[]>;
  /** The needed part of the lock, in the form of its kind. */
  readonly lock: unknown;
}

/**
 * Whether a local package lies beside or above the lock's folder. npm links such a package but installs nothing for it,
 * so it is put where it is linked, among the packages that it shares with who needs it.
 */
export const isOutside = (folder: string): boolean => folder.startsWith('../');
