import type { Platform } from './platform.ts';

export interface InstallOptions {
  readonly platform: Platform;
  /** Whether the packages may run their install scripts. */
  readonly scripts: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What installs packages from a lock file. */
export interface PackageManager {
  readonly name: 'npm' | 'pnpm';
  /** The command as the image's history tells it. */
  readonly installs: string;
  /**
   * Installs the locked production dependencies of a folder as real folders, for the platform.
   * @throws UserError with the end of its output; Cancelled
   */
  install(folder: string, options: InstallOptions): Promise<void>;
  /**
   * Runs a package's own `build` script.
   * @throws UserError with the end of its output; Cancelled
   */
  build(folder: string, signal?: AbortSignal): Promise<void>;
}
