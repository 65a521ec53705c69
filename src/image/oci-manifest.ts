import * as z from 'zod';
import type { Platform } from './platform.ts';

/** A manifest or an index as it is stored. */
export interface Manifest {
  /** Of its very bytes. */
  readonly digest: string;
  readonly content: unknown;
}

/** Where images are read: a registry, ECR's own API, an archive. Whatever a digest names is checked against it. */
export interface ImageReader {
  /** @param name a tag or a digest */
  manifest(name: string): Promise<Manifest>;
  /** A small blob of JSON, such as an image's config. */
  blob(digest: string): Promise<unknown>;
}

/** Manifests of one platform, and indexes of several, as OCI and as Docker call them. */
export const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const;

const descriptor = z.object({ mediaType: z.string(), digest: z.string(), size: z.number() });

const index = z.object({
  manifests: z.array(
    descriptor.extend({
      platform: z.object({ os: z.string(), architecture: z.string() }).optional(),
      annotations: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

const manifest = z.object({ config: descriptor, layers: z.array(descriptor).min(1) });

const config = z.object({
  os: z.string(),
  architecture: z.string(),
  config: z.object({ Env: z.array(z.string()).nullish() }).nullish(),
  rootfs: z.object({ diff_ids: z.array(z.string()) }),
  history: z.array(z.object({ created_by: z.string().optional() })).nullish(),
});

export type Descriptor = z.infer<typeof descriptor>;

/** An image of one platform. */
export interface FoundImage {
  readonly digest: string;
  readonly manifest: z.infer<typeof manifest>;
  readonly config: z.infer<typeof config>;
}

/** What a manifest of one platform names. @throws what `wording` makes when it is none */
export const manifestOf = (content: unknown, wording: Pick<Wording, 'damaged'>): FoundImage['manifest'] =>
  mustParse(manifest, content, wording);

/** How an error is worded where the image is known by another name: "the base image x cannot be used: ...". */
export interface Wording {
  /** It is not for the platform that is wanted. */
  unusable(problem: string): Error;
  /** What is stored is not of the form that it has to be. */
  damaged(problem: string): Error;
}

/**
 * The image under this name, of an index the one for the platform.
 *
 * @throws what `wording` makes when there is none for the platform, or it is not an image
 */
export async function findImage(
  reader: ImageReader,
  name: string,
  platform: Platform,
  wording: Wording,
): Promise<FoundImage> {
  const first = await reader.manifest(name);
  const several = index.safeParse(first.content);
  const own = several.success ? await reader.manifest(digestFor(platform, several.data, wording)) : first;
  const found = mustParse(manifest, own.content, wording);
  const settings = mustParse(config, await reader.blob(found.config.digest), wording);
  const its = `${settings.os}/${settings.architecture}`;
  if (its !== platform) throw wording.unusable(`it is for ${its}, and the tasks are ${platform}`);
  const [layers, told] = [found.layers.length, settings.rootfs.diff_ids.length];
  if (layers !== told) throw wording.damaged(`its config speaks of ${told} layers, and it has ${layers}`);
  return { digest: own.digest, manifest: found, config: settings };
}

/** Builders put what they attest of an image beside it, as if it were one for another platform. */
const isAttestation = ({ platform, annotations }: z.infer<typeof index>['manifests'][number]): boolean =>
  annotations?.['vnd.docker.reference.type'] !== undefined || platform?.os === 'unknown';

function digestFor(wanted: Platform, { manifests }: z.infer<typeof index>, wording: Wording): string {
  const images = manifests.filter((entry) => !isAttestation(entry));
  const [only, ...others] = images;
  // Its config will tell.
  if (only && others.length === 0 && !only.platform) return only.digest;
  const names = images.map(({ platform }) => (platform ? `${platform.os}/${platform.architecture}` : 'no platform'));
  const found = images[names.indexOf(wanted)];
  if (found) return found.digest;
  throw wording.unusable(`it has no image for ${wanted}, only for ${[...new Set(names)].join(', ') || 'nothing'}`);
}

function mustParse<T>(shape: z.ZodType<T>, content: unknown, wording: Pick<Wording, 'damaged'>): T {
  const parsed = shape.safeParse(content);
  if (parsed.success) return parsed.data;
  throw wording.damaged('its manifest or config is not of the form that OCI and Docker write');
}
