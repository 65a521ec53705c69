import type { Layer } from './oci.ts';
import type { Platform } from './platform.ts';
import type { BuildContext } from './source.ts';

/** What lies below the worker's own layers: an operating system with Node and CA certificates. */
export interface BaseImage {
  /** Part of the image's input hash. */
  readonly name: string;
  /** The layers, lowest first, and what the base's own config sets. */
  resolve(platform: Platform, context: BuildContext): Promise<ResolvedBase>;
}

export interface ResolvedBase {
  readonly layers: readonly Layer[];
  /** It has no certificate authorities, and without them there is no TLS to Temporal. */
  readonly lacksCertificates: boolean;
  /** The environment of its config: PATH, NODE_VERSION. */
  readonly env: readonly string[];
  /** `sha256:<hex>` of the very image that the name stands for today; absent when there is none. */
  readonly digest?: string | undefined;
}

/** For the sandbox, where tasks are processes of this machine and its Node stands in for the base image. */
export const hostNodeBase: BaseImage = {
  name: 'host-node',
  resolve: async () => ({ layers: [], env: [], lacksCertificates: false }),
};
