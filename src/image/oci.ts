import type { Platform } from './platform.ts';
import { platformParts } from './platform.ts';

/** Media types of the OCI image specification 1.1. */
export const MEDIA_TYPE = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

/** Bytes that a registry stores by their digest. */
export interface Blob {
  /** `sha256:<64 hex>` of the file. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly mediaType: string;
  /** The file on disk that holds them; what is still in a registry is downloaded first. */
  file(): Promise<string>;
}

export interface Layer extends Blob {
  /** Digest of the layer before compression. */
  readonly diffId: string;
}

/** What a registry keeps of an image. */
export interface StoredImage {
  readonly manifest: {
    readonly bytes: Uint8Array;
    readonly digest: string;
    /** OCI's, or Docker's name for it. */
    readonly mediaType: string;
  };
  readonly config: Blob;
  /** Lowest first. */
  readonly layers: readonly Blob[];
}

export interface OciImage extends StoredImage {
  readonly platform: Platform;
}

/** What the container runs, for the image's config. */
export interface ProcessSettings {
  readonly user: string;
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly workingDir: string;
  readonly stopSignal: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The same image has to have the same digest tomorrow. */
const CREATED = '1970-01-01T00:00:00Z';

/** @param diffIds of all layers, lowest first @param history what made each of them */
export function configJson(
  platform: Platform,
  settings: ProcessSettings,
  diffIds: readonly string[],
  history: readonly string[],
): Uint8Array {
  const { os, architecture } = platformParts(platform);
  return json({
    created: CREATED,
    architecture,
    os,
    config: {
      User: settings.user,
      Env: settings.env,
      Entrypoint: settings.entrypoint,
      Cmd: settings.cmd,
      WorkingDir: settings.workingDir,
      StopSignal: settings.stopSignal,
      Labels: settings.labels,
    },
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: history.map((created_by) => ({ created: CREATED, created_by })),
  });
}

export function manifestJson(config: Blob, layers: readonly Blob[]): Uint8Array {
  return json({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config: descriptor(config),
    layers: layers.map(descriptor),
  });
}

function descriptor({ mediaType, digest, size }: Blob): { mediaType: string; digest: string; size: number } {
  return { mediaType, digest, size };
}

/** Keys stay in the order written here, which makes the bytes, and so the digest, a function of the values. */
function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
