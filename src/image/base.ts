import type { Layer } from './oci.ts';
import type { Platform } from './platform.ts';
import type { BuildContext } from './source.ts';

/** What lies below the worker's own layers: an operating system with Node and CA certificates. */
export interface BaseImage {
  /** Part of the image's input hash, so it has to change when the content does (a name with a digest). */
  readonly name: string;
  /** The layers, lowest first, and the environment that the base's own config sets (PATH, NODE_VERSION). */
  resolve(
    platform: Platform,
    context: BuildContext,
  ): Promise<{ readonly layers: readonly Layer[]; readonly env: readonly string[] }>;
}

/** For the sandbox, where tasks are processes of this machine and its Node stands in for the base image. */
export const hostNodeBase: BaseImage = {
  name: 'host-node',
  resolve: async () => ({ layers: [], env: [] }),
};
