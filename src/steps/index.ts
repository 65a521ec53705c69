import type { StackConfig, WorkerConfig } from '../config/schema.ts';
import { whenCreated } from '../engine/step.ts';
import { cluster } from './compute/cluster.ts';
import { logGroup } from './compute/log-group.ts';
import { service } from './compute/service.ts';
import { taskDefinition } from './compute/task-definition.ts';
import { dataBucket } from './data/data-bucket.ts';
import type { AwsStep } from './define.ts';
import { executionRole } from './identity/execution-role.ts';
import { taskRole } from './identity/task-role.ts';
import { repository } from './image/repository.ts';
import { workerImage } from './image/worker-image.ts';
import { elasticIp } from './network/elastic-ip.ts';
import { internetGateway } from './network/internet-gateway.ts';
import { natGateway } from './network/nat-gateway.ts';
import { privateRouteTable, publicRouteTable, type RouteTableStep } from './network/route-table.ts';
import { s3Endpoint } from './network/s3-endpoint.ts';
import { securityGroup } from './network/security-group.ts';
import { type SubnetStep, subnet, type Tier } from './network/subnet.ts';
import { vpc } from './network/vpc.ts';
import { zoneLetter } from './network/zone.ts';
import { alarm } from './scaling/alarm.ts';
import { scalableTarget } from './scaling/scalable-target.ts';
import { temporalSecret } from './secrets/temporal-secret.ts';

/** What a run brings along that is no configuration. */
export interface Inputs {
  /** What the worker image is to be made from; absent: whatever is deployed stays. */
  readonly imageInputHash?: string | undefined;
  /** The Temporal credentials as JSON text; absent: whatever is stored stays. */
  readonly secretValue?: string | undefined;
}

/** The whole infrastructure of a stack, every AWS thing once. */
export function infrastructure(config: StackConfig, inputs: Inputs = {}): AwsStep[] {
  const network = networkSteps(config);

  const logs = logGroup();
  const images = repository();
  const image = workerImage(inputs.imageInputHash, { repository: images });
  const data = dataBucket();
  const secretKeys = secretKeysOf(config);
  const secret = secretKeys.length > 0 ? temporalSecret(inputs.secretValue) : undefined;
  const maySecret = secret ? { secret } : {};
  const execution = executionRole({ repository: images, logGroup: logs, ...maySecret });
  const task = taskRole({ dataBucket: data });
  const ecs = cluster();

  const workers = config.workers.flatMap((worker) =>
    workerSteps(worker, config.network.nat === 'none', network, {
      cluster: ecs,
      definition: taskDefinition(worker, secretKeys, {
        repository: images,
        image,
        executionRole: execution,
        taskRole: task,
        logGroup: logs,
        dataBucket: data,
        ...maySecret,
      }),
    }),
  );
  return [...network.all, logs, images, image, data, ...(secret ? [secret] : []), execution, task, ecs, ...workers];
}

/** Names of the environment variables that tasks get from the secret; the keys of its JSON. */
export function secretKeysOf({ temporal }: StackConfig): readonly string[] {
  return SECRET_KEYS[temporal.auth];
}

const SECRET_KEYS: Readonly<Record<StackConfig['temporal']['auth'], readonly string[]>> = {
  'api-key': ['TEMPORAL_API_KEY'],
  mtls: ['TEMPORAL_TLS_CLIENT_CERT_DATA', 'TEMPORAL_TLS_CLIENT_KEY_DATA'],
  none: [],
};

function networkSteps({ network }: StackConfig) {
  const { zones, nat } = network;
  const net = vpc();
  const internet = internetGateway({ vpc: net });
  const subnetsOf = (tier: Tier) => zones.map((zone, index) => subnet(tier, zone, index, { vpc: net }));
  const publicSubnets = subnetsOf('public');
  const publicTable = publicRouteTable({ vpc: net, gateway: internet, ...keyed('subnet', publicSubnets) });

  const privateSubnets = nat === 'none' ? [] : subnetsOf('private');
  const gatewayZones = nat === 'none' ? [] : nat === 'single' ? zones.slice(0, 1) : zones;
  const addresses = gatewayZones.map((zone) => elasticIp(zone, { internetGateway: internet }));
  const gateways = gatewayZones.flatMap((zone, index) => {
    const [home, address] = [publicSubnets[index], addresses[index]];
    return home && address ? [natGateway(zone, { subnet: home, elasticIp: address, internetGateway: internet })] : [];
  });
  const privateTables = gateways.map((gateway, index) => {
    const own = gateways.length === 1 ? privateSubnets : privateSubnets.slice(index, index + 1);
    const suffix = nat === 'per-zone' ? zoneLetter(gatewayZones[index] ?? '') : '';
    return privateRouteTable(suffix && `-${suffix}`, `private route table${suffix && ` (${gatewayZones[index]})`}`, {
      vpc: net,
      gateway: whenCreated(gateway),
      ...keyed('subnet', own),
    });
  });

  /** Where tasks run, and the tables and gateways through which they reach Temporal. */
  const taskSubnets: SubnetStep[] = nat === 'none' ? publicSubnets : privateSubnets;
  const taskTables: RouteTableStep[] = nat === 'none' ? [publicTable] : privateTables;
  const endpoint = s3Endpoint({ vpc: net, ...keyed('table', taskTables) });
  const group = securityGroup({ vpc: net });
  return {
    taskSubnets,
    taskTables,
    gateways,
    group,
    all: [
      net,
      internet,
      ...publicSubnets,
      ...privateSubnets,
      ...addresses,
      ...gateways,
      publicTable,
      ...privateTables,
      endpoint,
      group,
    ] as AwsStep[],
  };
}

function workerSteps(
  worker: WorkerConfig,
  publicAddresses: boolean,
  network: ReturnType<typeof networkSteps>,
  own: { cluster: ReturnType<typeof cluster>; definition: ReturnType<typeof taskDefinition> },
): AwsStep[] {
  const running = service(worker, publicAddresses, {
    cluster: own.cluster,
    taskDefinition: own.definition,
    securityGroup: network.group,
    ...keyed('subnet', network.taskSubnets),
    ...keyed('table', network.taskTables),
    ...keyed('nat', network.gateways),
  });
  const target = scalableTarget(worker, { service: running });
  return [own.definition, running, target, alarm('high', worker, { target }), alarm('low', worker, { target })];
}

/** `[a, b]` -> `{ subnet1: a, subnet2: b }`: a list as needs. */
function keyed<K extends string, S>(prefix: K, steps: readonly S[]): Record<`${K}${number}`, S> {
  return Object.fromEntries(steps.map((step, index) => [`${prefix}${index + 1}`, step])) as Record<`${K}${number}`, S>;
}
