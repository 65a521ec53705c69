import type { OciImage } from './oci.ts';
import type { Platform } from './platform.ts';

/** The part of `fetch` that reading from a registry takes. */
export type Fetch = (
  url: string,
  options: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
) => Promise<Response>;

export interface BuildContext {
  /** Folder for what is worth keeping between runs; made when missing, may be shared by several processes. */
  readonly cacheDir: string;
  /** Told in words what takes time. */
  readonly note: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** The way to registries, with this network's proxy and CAs; Node's own when left out. */
  readonly fetch?: Fetch;
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
