import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DescribeTasksCommand, ListTasksCommand } from '@aws-sdk/client-ecs';
import { CreatePolicyCommand } from '@aws-sdk/client-iam';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import { run } from '../../src/sandbox/processes.ts';
import { stateBucket } from '../../state/bucket.ts';
import { buildWorker } from '../../worker/build.ts';
import { BIN, testCacheDir } from '../helpers/paths.ts';
import { workerDir, workerSources } from '../worker/worker-process.ts';
import type { World } from './world.ts';

/** A workflow of a user's, beside that of the sample worker. */
const ORDER_WORKFLOW = `
export async function OrderWorkflow(ids?: readonly number[]): Promise<number> {
  return ids?.length ?? 0;
}
`;

let withOrders: Promise<string> | undefined;

/** The built code of the sample worker with that workflow, made once. */
async function builtWithOrders(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'orders-'));
  const sources = workerSources(folder);
  appendFileSync(join(sources, 'workflows.ts'), ORDER_WORKFLOW);
  await buildWorker(sources, join(folder, 'dist'));
  return folder;
}

/** After all scenes. */
export async function forgetBuiltWorker(): Promise<void> {
  if (withOrders) rmSync(await withOrders, { recursive: true });
  withOrders = undefined;
}

/**
 * A folder with a worker of a user's: the sample one, built, whose dependencies are those of the bundled one and in the
 * cache. With `orders` it also has an OrderWorkflow.
 */
export async function workerFolder(world: World, path: string, { orders = false } = {}): Promise<void> {
  const folder = join(world.folder, path);
  world.remove(path);
  mkdirSync(folder, { recursive: true });
  const bundled = join(dirname(BIN), 'worker');
  cpSync(bundled, folder, { recursive: true });
  if (orders) {
    withOrders ??= builtWithOrders();
    cpSync(join(await withOrders, 'dist'), join(folder, 'dist'), { recursive: true });
  }
  const manifest = JSON.parse(readFileSync(join(bundled, 'package.json'), 'utf8'));
  // Nothing to build; where it runs in place it finds its packages.
  const { scripts: _scripts, ...rest } = manifest;
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...rest, main: 'dist/main.js', files: ['dist'] }));
  symlinkSync(join(workerDir, 'node_modules'), join(folder, 'node_modules'));
}

/** A secret that somebody made. @returns its ARN */
export async function secret({ emulator }: World, value: object): Promise<string> {
  const SecretString = JSON.stringify(value);
  const { ARN } = await emulator.clients.secrets.send(new CreateSecretCommand({ Name: 'team/own', SecretString }));
  return ARN ?? '';
}

/** Makes the state of a stack unreadable. */
export async function damageState({ emulator }: World, stack: string): Promise<void> {
  const { Bucket } = stateBucket({ accountId: '123456789012', region: 'us-east-1' });
  await emulator.clients.s3.send(new PutObjectCommand({ Bucket, Key: `${stack}/state.json`, Body: '{' }));
}

/** The newest version of a stack's state. */
export async function stateVersion(world: World, stack: string): Promise<string> {
  const { versions } = await world.run<{ versions: { versionId: string }[] }>(`state versions --stack ${stack}`);
  return versions[0]?.versionId ?? '';
}

/** The beginning of the id of a task that runs, on Spot. */
export async function spotTask({ emulator }: World, stack: string): Promise<string> {
  const cluster = `temporal-fargate-${stack}`;
  const { taskArns } = await emulator.clients.ecs.send(new ListTasksCommand({ cluster }));
  const { tasks = [] } = await emulator.clients.ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }));
  const found = tasks.find(({ capacityProviderName }) => capacityProviderName === 'FARGATE_SPOT');
  return found?.taskArn?.split('/').at(-1)?.slice(0, 8) ?? '';
}

/** The boundary that the page before has an administrator make, of the file that was printed. */
export async function boundaryOf({ emulator, folder }: World): Promise<void> {
  const PolicyDocument = readFileSync(join(folder, 'policies/temporal-fargate-us-east-1-dev-boundary.json'), 'utf8');
  const PolicyName = 'temporal-fargate-us-east-1-dev-boundary';
  await emulator.clients.iam.send(new CreatePolicyCommand({ PolicyName, PolicyDocument }));
}

/** The folder of the commands is a clone of a repository on GitHub. */
export function cloneOf({ folder }: World, repository: string): void {
  for (const args of [
    ['init', '-q'],
    ['remote', 'add', 'origin', `git@github.com:${repository}.git`],
  ]) {
    execFileSync('git', args, { cwd: folder });
  }
}

/** A profile in the files of the AWS CLI, with the keys of the account. */
export function profile(world: World, name: string): void {
  const { accessKeyId, secretAccessKey } = world.emulator.address;
  const keys = `aws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
  world.write('.aws/credentials', `[${name}]\n${keys}`);
  world.set('AWS_SHARED_CREDENTIALS_FILE', join(world.folder, '.aws/credentials'));
}

/** A namespace of the Temporal server. */
export async function namespace({ serverAddress }: World, name: string): Promise<void> {
  const { temporal } = await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined });
  const { code, output } = await run(temporal, ['operator', 'namespace', 'create', name, '--address', serverAddress]);
  if (code !== 0) throw new Error(output);
}
