import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { CreateLogGroupCommand, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateRouteCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
} from '@aws-sdk/client-ec2';
import {
  CompleteLayerUploadCommand,
  CreateRepositoryCommand,
  type ECRClient,
  InitiateLayerUploadCommand,
  PutImageCommand,
  UploadLayerPartCommand,
} from '@aws-sdk/client-ecr';
import {
  type ContainerDefinition,
  CreateClusterCommand,
  CreateServiceCommand,
  type CreateServiceCommandInput,
  DescribeServiceDeploymentsCommand,
  DescribeTasksCommand,
  ListServiceDeploymentsCommand,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  type RuntimePlatform,
  type ServiceDeployment,
  type Task,
} from '@aws-sdk/client-ecs';
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { type Header, pack } from 'tar-stream';
import { eventually, type TestEmulator } from '../helpers/emulator.ts';

export const manifestType = 'application/vnd.oci.image.manifest.v1+json';
export const cluster = 'stage';
export const logGroup = '/stage';

export const sha256 = (bytes: Buffer | string) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** An entry of a layer: a file's text, or the header of anything else. */
export type Entry = { name: string; text: string } | (Partial<Header> & { name: string });

/** A tar with these entries. Names are not cleaned: some tests need hostile ones. */
export async function tar(entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack();
  for (const entry of entries) {
    if ('text' in entry) archive.entry({ name: entry.name, mode: 0o644, mtime: new Date(0) }, entry.text);
    else archive.entry({ mtime: new Date(0), ...entry });
  }
  archive.finalize();
  const blocks: Buffer[] = [];
  for await (const block of archive) blocks.push(block as Buffer);
  return Buffer.concat(blocks);
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Uploads bytes as one layer; fine when the repository has them. */
export async function uploadBlob(ecr: ECRClient, repositoryName: string, bytes: Buffer, mediaType: string) {
  const descriptor: Descriptor = { mediaType, digest: sha256(bytes), size: bytes.length };
  const { uploadId } = await ecr.send(new InitiateLayerUploadCommand({ repositoryName }));
  const part = { partFirstByte: 0, partLastByte: bytes.length - 1, layerPartBlob: bytes };
  await ecr.send(new UploadLayerPartCommand({ repositoryName, uploadId, ...part }));
  const complete = new CompleteLayerUploadCommand({ repositoryName, uploadId, layerDigests: [descriptor.digest] });
  await ecr.send(complete).catch((error: Error) => {
    if (error.name !== 'LayerAlreadyExistsException') throw error;
  });
  return descriptor;
}

export interface ImageConfig {
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir?: string;
}

/** Pushes an image of these layers into `repositoryName`; answers its reference by digest. */
export async function pushImage(
  { clients: { ecr } }: TestEmulator,
  repositoryName: string,
  layers: readonly (readonly Entry[])[],
  config: ImageConfig,
): Promise<string> {
  const tars = await Promise.all(layers.map((entries) => tar(entries)));
  const descriptors: Descriptor[] = [];
  for (const bytes of tars) {
    const type = 'application/vnd.oci.image.layer.v1.tar+gzip';
    descriptors.push(await uploadBlob(ecr, repositoryName, gzipSync(bytes), type));
  }
  const document = {
    os: 'linux',
    architecture: 'amd64',
    config,
    rootfs: { type: 'layers', diff_ids: tars.map(sha256) },
  };
  const configType = 'application/vnd.oci.image.config.v1+json';
  const configBlob = await uploadBlob(ecr, repositoryName, Buffer.from(JSON.stringify(document)), configType);
  const manifest = { schemaVersion: 2, mediaType: manifestType, config: configBlob, layers: descriptors };
  const imageManifest = JSON.stringify(manifest);
  await ecr.send(new PutImageCommand({ repositoryName, imageManifest }));
  return `123456789012.dkr.ecr.us-east-1.amazonaws.com/${repositoryName}@${sha256(imageManifest)}`;
}

export interface Stage {
  readonly subnets: string[];
  readonly roleArn: string;
  /** The image of `scripts`. */
  readonly image: string;
}

/** Scripts of the stage's image; a container's command picks one. */
const scripts = {
  'report.js': `console.log('ENV ' + JSON.stringify(process.env)); console.log('CWD ' + process.cwd());
    console.error('to stderr'); setInterval(() => {}, 1000);`,
  'idle.js': `console.log('idle'); setInterval(() => {}, 1000);
    process.on('SIGTERM', () => { console.log('leaving'); process.exit(0); });`,
  'stubborn.js': `process.on('SIGTERM', () => console.log('I stay')); console.log('up'); setInterval(() => {}, 1000);`,
  // A shell, because it is up before a task can count as good.
  'crash.sh': 'echo about to fail; exit 7',
  'lacks-package.mjs': "import 'package-of-nowhere';",
  'lacks-file.cjs': "require('./not-built.cjs');",
  'broken.mjs': 'const answer = ;',
  'greedy.js': 'const kept = []; for (;;) kept.push(new Array(1e5).fill(kept.length));',
};

/** What Fargate does as the execution role. */
export const executionActions = [
  'ecr:GetAuthorizationToken',
  'ecr:BatchGetImage',
  'ecr:GetDownloadUrlForLayer',
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  'secretsmanager:GetSecretValue',
];

/** Makes these the only actions that the stage's role may do. */
export function permit({ clients: { iam } }: TestEmulator, actions: readonly string[]) {
  const statement = { Effect: 'Allow', Action: actions, Resource: '*' };
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  return iam.send(new PutRolePolicyCommand({ RoleName: 'task', PolicyName: 'task', PolicyDocument }));
}

/** Gives a VPC what AWS's default VPC has from the start, and moto's has not: an internet gateway and the way to it. */
async function openToInternet(emulator: TestEmulator, VpcId: string): Promise<void> {
  const { ec2 } = emulator.clients;
  const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}));
  // It is a new one, which EC2 may not know yet.
  await emulator.settle();
  const GatewayId = InternetGateway?.InternetGatewayId;
  await ec2.send(new AttachInternetGatewayCommand({ VpcId, InternetGatewayId: GatewayId }));
  const Filters = [{ Name: 'vpc-id', Values: [VpcId] }];
  const { RouteTables } = await ec2.send(new DescribeRouteTablesCommand({ Filters }));
  const RouteTableId = RouteTables?.[0]?.RouteTableId;
  await ec2.send(new CreateRouteCommand({ RouteTableId, GatewayId, DestinationCidrBlock: '0.0.0.0/0' }));
}

/** A cluster, a role, a log group and an image: what services of the tests stand on. */
export async function setStage(emulator: TestEmulator): Promise<Stage> {
  const { ecs, iam, ec2, ecr, logs } = emulator.clients;
  const statement = { Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const trust = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
  await openToInternet(emulator, Subnets[0]?.VpcId ?? '');
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: 'task', AssumeRolePolicyDocument: trust }));
  await permit(emulator, executionActions);
  await logs.send(new CreateLogGroupCommand({ logGroupName: logGroup }));
  await ecr.send(new CreateRepositoryCommand({ repositoryName: 'stage' }));
  const entries = Object.entries(scripts).map(([name, text]) => ({ name: `app/${name}`, text }));
  const config = { Env: ['FROM_IMAGE=yes', 'PATH=/nowhere'], Cmd: ['node', 'idle.js'], WorkingDir: '/app' };
  const image = await pushImage(emulator, 'stage', [entries], config);
  const capacityProviders = ['FARGATE', 'FARGATE_SPOT'];
  await ecs.send(new CreateClusterCommand({ clusterName: cluster, capacityProviders }));
  return { image, roleArn: Role?.Arn ?? '', subnets: Subnets.map(({ SubnetId }) => SubnetId ?? '').slice(0, 2) };
}

/** Registers a Fargate task definition of one container named `main`; answers its ARN. */
export async function register(
  { clients: { ecs } }: TestEmulator,
  { image, roleArn }: Stage,
  container: Partial<ContainerDefinition> = {},
  runtimePlatform?: RuntimePlatform,
): Promise<string> {
  const options = { 'awslogs-group': logGroup, 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'p' };
  const { taskDefinition } = await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: 'stage',
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      cpu: '256',
      memory: '512',
      executionRoleArn: roleArn,
      taskRoleArn: roleArn,
      runtimePlatform,
      containerDefinitions: [
        { name: 'main', image, stopTimeout: 2, logConfiguration: { logDriver: 'awslogs', options }, ...container },
      ],
    }),
  );
  return taskDefinition?.taskDefinitionArn ?? '';
}

export const breaker = (value: number, rollback: boolean) => ({
  deploymentCircuitBreaker: { enable: true, rollback, thresholdConfiguration: { type: 'COUNT', value } as const },
});

export async function createService(
  { clients: { ecs } }: TestEmulator,
  { subnets }: Stage,
  serviceName: string,
  taskDefinition: string,
  more: Partial<CreateServiceCommandInput> = {},
) {
  const input = {
    cluster,
    serviceName,
    taskDefinition,
    desiredCount: 1,
    capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }],
    networkConfiguration: { awsvpcConfiguration: { subnets, assignPublicIp: 'ENABLED' as const } },
    ...more,
  };
  const { service } = await ecs.send(new CreateServiceCommand(input));
  return service;
}

/** The newest service deployment of a service. */
export async function newestDeployment(
  { clients: { ecs } }: TestEmulator,
  service: string,
): Promise<ServiceDeployment> {
  const { serviceDeployments = [] } = await ecs.send(new ListServiceDeploymentsCommand({ cluster, service }));
  const serviceDeploymentArns = [serviceDeployments[0]?.serviceDeploymentArn ?? ''];
  const described = await ecs.send(new DescribeServiceDeploymentsCommand({ serviceDeploymentArns }));
  const [deployment] = described.serviceDeployments ?? [];
  if (deployment === undefined) throw new Error(`${service} has no deployment`);
  return deployment;
}

/** Waits until the newest service deployment has this status. */
export const deploymentIs = (emulator: TestEmulator, service: string, status: string): Promise<ServiceDeployment> =>
  eventually(`deployment of ${service} ${status}`, async () => {
    const deployment = await newestDeployment(emulator, service);
    return deployment.status === status && deployment;
  });

/** Tasks of a service, running and stopped. */
export async function tasksOf({ clients: { ecs } }: TestEmulator, serviceName: string): Promise<Task[]> {
  const lists = await Promise.all(
    (['RUNNING', 'STOPPED'] as const).map((desiredStatus) =>
      ecs.send(new ListTasksCommand({ cluster, serviceName, desiredStatus })),
    ),
  );
  const arns = lists.flatMap(({ taskArns = [] }) => taskArns);
  if (arns.length === 0) return [];
  const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: arns, include: ['TAGS'] }));
  return tasks;
}

/** Waits for a task of the service that fits. */
export const taskWhere = (emulator: TestEmulator, service: string, what: string, fits: (task: Task) => boolean) =>
  eventually(`${service}: ${what}`, async () => (await tasksOf(emulator, service)).find(fits));

/** Waits for a line in the log group that begins so; answers the rest of it. */
export const logLine = ({ clients: { logs } }: TestEmulator, start: string): Promise<string> =>
  eventually(`log line ${start}`, async () => {
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: logGroup }));
    return events.find(({ message }) => message?.startsWith(start))?.message?.slice(start.length);
  });

export interface ListedTask {
  readonly taskArn: string;
  readonly processes: readonly { pid: number; alive: boolean; cwd: string; exitCode: number | null }[];
}

/** What runs, by the emulator's own list. */
export async function processesOf(emulator: TestEmulator): Promise<ListedTask['processes'][number][]> {
  const { tasks } = (await emulator.ask('GET', 'tasks')) as { tasks: ListedTask[] };
  return tasks.flatMap(({ processes }) => processes);
}

/** Whether a process with this id runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
