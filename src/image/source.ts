import type { OciImage } from './oci.ts';
import type { Platform } from './platform.ts';

export interface BuildContext {
  /** Folder for what is worth keeping between runs; made when missing, may be shared by several processes. */
  readonly cacheDir: string;
  /** Told in words what takes time. */
  readonly note: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Where a worker's image comes from. */
export interface ImageSource {
  /** For people: "the bundled worker". */
  describe(): string;
  /** `sha256:<hex>` of everything that the image is made from: equal hash, equal image. Quick; builds nothing. */
  inputHash(platform: Platform): Promise<string>;
  /** @throws UserError when the dependencies cannot be installed; Cancelled when the signal aborts */
  build(platform: Platform, context: BuildContext): Promise<OciImage>;
}
