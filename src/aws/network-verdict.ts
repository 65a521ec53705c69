import type { FoundNetwork, FoundSubnet } from './existing-network.ts';
import { hasFargate } from './zones.ts';

/** What the tasks of a stack need of a network that is not its own. */
export interface NetworkDemand {
  /** Name of the stack. */
  readonly stack: string;
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  /** Whether tasks get public addresses. */
  readonly assignPublicIp: boolean;
  /** Whether Temporal is somewhere in the internet: inside of the VPC, or where a peer of it leads, nobody can look. */
  readonly temporalOutside: boolean;
  /** Whether tasks read credentials from Secrets Manager. */
  readonly secret: boolean;
}

/** What is wrong, in one sentence, and how to mend it. */
export interface NetworkProblem {
  readonly message: string;
  readonly fix: string;
}

export interface NetworkVerdict {
  /** What would keep tasks from starting or from polling. */
  readonly problems: readonly NetworkProblem[];
  readonly warnings: readonly string[];
}

/** Whether tasks could work there. Pure; see `readNetwork`. */
export function judgeNetwork(found: FoundNetwork, demand: NetworkDemand): NetworkVerdict {
  const { vpc } = found;
  if (vpc.stack !== undefined) return { problems: [ofOurs(vpc.id, vpc.stack, demand.stack)], warnings: [] };
  const subnets = found.subnets.filter(({ id }) => demand.subnetIds.includes(id));
  const missing = demand.subnetIds.filter((id) => !subnets.some((subnet) => subnet.id === id));
  const enclosed = subnets.filter((subnet) => isEnclosed(subnet, demand));
  const endpoints = endpointProblems(found, enclosed, demand);
  const helped = enclosed.every(({ neighbours }) => neighbours);
  const problems = [
    ...missing.map((id) => noSubnet(id, found)),
    ...subnets.flatMap((subnet) => [...zoneProblems(subnet), ...wayProblems(subnet, demand)]),
    ...(helped ? [] : endpoints),
  ];
  const zones = new Set(subnets.map(({ zone }) => zone));
  const [zone] = zones;
  const warnings = [
    ...(zones.size === 1 ? [`All tasks will be in ${zone}: none survives the loss of that zone.`] : []),
    ...(helped ? endpoints.map(({ message }) => `Unless another network that they lead to helps: ${message}.`) : []),
  ];
  return { problems, warnings };
}

/** Whether these subnets lead to an internet gateway, which serves only whoever has a public address. */
export const needsPublicIp = ({ subnets }: FoundNetwork, subnetIds: readonly string[]): boolean =>
  subnets.some(({ id, way }) => subnetIds.includes(id) && way.leads === 'internet-gateway');

/** A VPC that carries our tags would be deleted with the stack whose it is, or moved away from. */
const ofOurs = (vpcId: string, stack: string, own: string): NetworkProblem =>
  stack === own
    ? { message: `VPC ${vpcId} is this stack's own`, fix: 'Leave --network as it is, or name another --vpc-id.' }
    : {
        message: `VPC ${vpcId} is that of stack ${stack}, which may change or delete it`,
        fix: `Share it instead: --network shared --network-stack ${stack}`,
      };

function noSubnet(id: string, { vpc, subnets }: FoundNetwork): NetworkProblem {
  const others = subnets.map((subnet) => `${subnet.id} (${subnet.zone})`).join(', ');
  const message = `${id} is no subnet of VPC ${vpc.id}`;
  return { message, fix: others ? `Choose from ${others}.` : 'Choose another --vpc-id: this one has no subnets.' };
}

const zoneProblems = ({ id, zone, zoneId }: FoundSubnet): NetworkProblem[] =>
  hasFargate(zoneId)
    ? []
    : [{ message: `${id} is in ${zone} (${zoneId}), where there is no Fargate`, fix: 'Leave it out of --subnet-ids.' }];

/** How tasks of a subnet reach Temporal in the internet. */
function wayProblems(
  { id, routeTable, way }: FoundSubnet,
  { temporalOutside, assignPublicIp }: NetworkDemand,
): NetworkProblem[] {
  if (!temporalOutside) return [];
  if (way.leads === 'black-hole') {
    const message = `${id} has no way out to Temporal: the default route of ${routeTable} leads to ${way.target}, which is gone`;
    return [{ message, fix: `Let the default route of ${routeTable} lead to a NAT gateway that exists. ${INSIDE}` }];
  }
  if (way.leads === 'none') {
    const message = `${id} has no way out to Temporal: ${routeTable} has no default route`;
    return [{ message, fix: `Add a route to a NAT gateway to ${routeTable}, or choose other --subnet-ids. ${INSIDE}` }];
  }
  if (way.leads === 'internet-gateway' && !assignPublicIp) {
    const message = `${id} has no way out to Temporal: it leads to ${way.target}, which serves public addresses only, and the tasks get none`;
    return [{ message, fix: `Add --assign-public-ip yes, or choose --subnet-ids behind a NAT gateway. ${INSIDE}` }];
  }
  return [];
}

const INSIDE = 'Where Temporal is reached without the internet, add --verify health.';

/** Whether the internet cannot be reached from the subnet. */
const isEnclosed = ({ way: { leads } }: FoundSubnet, { assignPublicIp }: NetworkDemand): boolean =>
  leads === 'none' || leads === 'black-hole' || (leads === 'internet-gateway' && !assignPublicIp);

/** What tasks need of AWS itself comes through endpoints where there is no way out. */
function endpointProblems(
  { vpc, endpoints, dns }: FoundNetwork,
  enclosed: readonly FoundSubnet[],
  { secret }: NetworkDemand,
): NetworkProblem[] {
  if (enclosed.length === 0) return [];
  const needed = ['ecr.api', 'ecr.dkr', 'logs', ...(secret ? ['secretsmanager'] : [])];
  const s3 = enclosed.every(({ s3Gateway }) => s3Gateway) ? [] : ['s3'];
  const missing = [...needed, ...s3].filter((service) => !endpoints.has(service));
  const who = `tasks in ${enclosed.map(({ id }) => id).join(', ')}`;
  const problems: NetworkProblem[] = [];
  if (missing.length > 0) {
    const message = `${who} reach neither the internet nor AWS: VPC ${vpc.id} has no endpoint with private DNS for ${missing.join(', ')}`;
    problems.push({ message, fix: 'Create these endpoints, or give the subnets a way out by a NAT gateway.' });
  }
  const off = dns
    ? [...(dns.support ? [] : ['enableDnsSupport']), ...(dns.hostnames ? [] : ['enableDnsHostnames'])]
    : [];
  if (off.length > 0) {
    const message = `${who} cannot use the endpoints of VPC ${vpc.id}: its ${off.join(' and ')} ${off.length > 1 ? 'are' : 'is'} off`;
    problems.push({ message, fix: `Turn ${off.join(' and ')} on: aws ec2 modify-vpc-attribute` });
  }
  return problems;
}
