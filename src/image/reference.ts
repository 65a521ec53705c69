/** Where an image is: "public.ecr.aws/docker/library/node:24-bookworm-slim", with a tag, a digest, or both. */
export interface ImageReference {
  /** `host` or `host:port`; Docker Hub by the name under which its registry answers. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | undefined;
  /** `sha256:<64 hex>`; decides when both are given. */
  readonly digest: string | undefined;
}

const DOCKER_HUB = 'registry-1.docker.io';

/** Grammar of the OCI distribution specification 1.1; the first part is a host when it looks like one, as with Docker. */
const SHAPE =
  /^(?:(?<host>localhost(?::\d+)?|[\w-]+(?:\.[\w-]+)+(?::\d+)?|\[[0-9a-f:]+\](?::\d+)?|[\w-]+:\d+)\/)?(?<path>[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)(?::(?<tag>\w[\w.-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/;

/** `undefined` when the text names no image. */
export function parseImageReference(text: string): ImageReference | undefined {
  const { host, path, tag, digest } = SHAPE.exec(text)?.groups ?? {};
  if (path === undefined) return undefined;
  const onHub = host === undefined || host === 'docker.io';
  return {
    registry: onHub ? DOCKER_HUB : host,
    repository: onHub && !path.includes('/') ? `library/${path}` : path,
    tag: tag ?? (digest === undefined ? 'latest' : undefined),
    digest,
  };
}

/** The name of an image without its tag and digest: what a digest can be put behind. */
export const repositoryOf = (image: string): string => image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');

/** A private repository of ECR. */
export interface EcrRepository {
  readonly accountId: string;
  readonly region: string;
  readonly name: string;
}

/** "123456789012.dkr.ecr.eu-west-1.amazonaws.com", its dual-stack, FIPS and Chinese forms too. */
const ECR_HOST = /^(?<accountId>\d{12})\.dkr[.-]ecr(-fips)?\.(?<region>[a-z0-9-]+)\.(amazonaws\.com(\.cn)?|on\.aws)$/;

/** `undefined` when the image is not in a private repository of ECR. */
export function ecrRepositoryOf({ registry, repository }: ImageReference): EcrRepository | undefined {
  const { accountId, region } = ECR_HOST.exec(registry)?.groups ?? {};
  return accountId === undefined || region === undefined ? undefined : { accountId, region, name: repository };
}
