import { spawnSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { API_KEY, MEMORY, type Peer, succeeded, type Work } from './peer.ts';
import { type Finished, measured } from './process-tree.ts';
import type { Stage } from './stage.ts';

const PROVIDER = 'registry.terraform.io/hashicorp/aws';
const PROVIDER_VERSION = '5.100.0';
const STATE_BUCKET = 'terraform-state';

/** Terraform neither builds nor pushes an image. Tasks are simulated, so that it needs not exist. */
const IMAGE_DIGEST = `sha256:${'0'.repeat(64)}`;

/** Exit code of `plan -detailed-exitcode` when nothing has to change. */
const UNCHANGED = 0;

/**
 * Terraform with our own HCL. Nothing is downloaded: the AWS provider comes from `pluginDir`.
 *
 * @returns why it is absent, when it is
 */
export function findTerraform(pluginDir: string | undefined): Peer | { readonly absent: string } {
  const { stdout, status } = spawnSync('terraform', ['version', '-json'], {
    encoding: 'utf8',
    env: { ...process.env, CHECKPOINT_DISABLE: '1' },
  });
  if (status !== 0) return { absent: 'no terraform on PATH' };
  const version = (JSON.parse(stdout) as { terraform_version: string }).terraform_version;
  if (pluginDir === undefined) return { absent: 'no folder with its AWS provider given (--plugin-dir)' };
  if (!existsSync(join(pluginDir, PROVIDER, PROVIDER_VERSION)))
    return { absent: `no AWS provider ${PROVIDER_VERSION} in ${pluginDir}` };
  return {
    name: 'Terraform',
    version: `${version}, AWS provider ${PROVIDER_VERSION}`,
    prepare: (stage) => prepare(stage, pluginDir),
    run: async (stage, work) => succeeded(`terraform ${work}`, await run(stage, ARGUMENTS[work]), UNCHANGED),
  };
}

const UNASKED = ['-input=false', '-no-color'] as const;

const ARGUMENTS: Readonly<Record<Work, readonly string[]>> = {
  create: ['apply', '-auto-approve', ...UNASKED],
  plan: ['plan', '-detailed-exitcode', ...UNASKED],
  change: ['apply', '-auto-approve', ...UNASKED, '-var', `memory=${MEMORY.changed}`],
  destroy: ['destroy', '-auto-approve', ...UNASKED],
};

const folderOf = (stage: Stage): string => join(stage.scratch, 'terraform');

function run(stage: Stage, args: readonly string[]): Promise<Finished> {
  const env = {
    ...Object.fromEntries(Object.entries(stage.env).filter(([name]) => !name.startsWith('TF_'))),
    CHECKPOINT_DISABLE: '1',
    // Nor does it follow the settings of whoever runs this.
    TF_CLI_CONFIG_FILE: '/dev/null',
    TF_VAR_endpoint: stage.address.endpoint,
    TF_VAR_temporal_api_key: API_KEY,
    TF_VAR_image_digest: IMAGE_DIGEST,
  };
  return measured(['terraform', ...args], { env, cwd: folderOf(stage) });
}

/** The bucket for its state, which `temporal-fargate` makes as a part of what is measured, and `terraform init`. */
async function prepare(stage: Stage, pluginDir: string): Promise<void> {
  const { endpoint, region, accessKeyId, secretAccessKey } = stage.address;
  const s3 = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  await s3.send(new CreateBucketCommand({ Bucket: STATE_BUCKET }));
  s3.destroy();
  if (existsSync(folderOf(stage))) return;
  cpSync(join(import.meta.dirname, 'terraform'), folderOf(stage), { recursive: true });
  const backend = `-backend-config=endpoints={s3="${endpoint}",sts="${endpoint}",iam="${endpoint}"}`;
  succeeded('terraform init', await run(stage, ['init', `-plugin-dir=${pluginDir}`, backend, ...UNASKED]));
}
