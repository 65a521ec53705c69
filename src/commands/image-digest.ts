import type { StateDocument } from '../../state/document.ts';
import type { StackConfig } from '../config/schema.ts';
import { storedConfig } from './stored-config.ts';

/** `sha256:…` of the image that a worker is recorded to run: the one that was pushed for it, or the user's. */
export function recordedDigest({ steps, configs }: StateDocument, worker: string): string | undefined {
  return steps[`image/worker-image/${worker}`]?.id ?? userDigest(storedConfig(configs.at(-1)), worker);
}

const userDigest = (config: StackConfig | undefined, worker: string): string | undefined =>
  config?.workers.find(({ name }) => name === worker)?.imageDigest;

/** The config in which a worker of the user's runs the image of this digest; that of another worker is no config. */
export const withUserDigest = (config: StackConfig, worker: string, imageDigest: string | undefined): StackConfig => ({
  ...config,
  workers: config.workers.map((one) =>
    one.name === worker && one.image !== undefined && imageDigest !== undefined ? { ...one, imageDigest } : one,
  ),
});
