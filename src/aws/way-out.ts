import type { Route } from '@aws-sdk/client-ec2';

/** Where the routes of a subnet lead what is meant for the internet. */
export interface Way {
  /**
   * `nat`: out. `internet-gateway`: out for whoever has a public address. `perhaps`: to something that may lead out, a
   * transit gateway or a firewall. `black-hole`: to something that is gone. `none`: there is no such route.
   */
  readonly leads: 'nat' | 'internet-gateway' | 'perhaps' | 'black-hole' | 'none';
  /** What the route names: "nat-0abc"; empty without one. */
  readonly target: string;
}

const EVERYWHERE = '0.0.0.0/0';

/** The most telling of the routes. Pure. */
export function wayOf(routes: readonly Route[]): Way {
  const fallback = routes.find(({ DestinationCidrBlock }) => DestinationCidrBlock === EVERYWHERE);
  if (fallback) return along(fallback);
  // Without a default route, one to a part of the internet may be that to Temporal.
  const part = routes.map(along).find(({ leads }, index) => leads !== 'none' && isPublic(routes[index]));
  return part ? { ...part, leads: part.leads === 'black-hole' ? 'none' : 'perhaps' } : NONE;
}

const NONE: Way = { leads: 'none', target: '' };

/** Whether any of the routes leads to another network: what is there, nobody can see from here. Pure. */
export const hasNeighbours = (routes: readonly Route[]): boolean =>
  routes.some((route) => route.State !== 'blackhole' && NEIGHBOUR.test(targetOf(route) ?? ''));

/** Transit and VPN gateways, peered VPCs, AWS Cloud WAN, Outposts, and appliances. */
const NEIGHBOUR = /^(tgw-|vgw-|pcx-|arn:.*:core-network\/|lgw-|eni-|i-)/;

function along(route: Route): Way {
  const target = targetOf(route);
  if (target === undefined || target === 'local') return NONE;
  if (route.State === 'blackhole') return { leads: 'black-hole', target };
  if (target.startsWith('nat-')) return { leads: 'nat', target };
  if (target.startsWith('igw-')) return { leads: 'internet-gateway', target };
  // AWS carries nothing through a peered VPC to that one's gateways.
  if (target.startsWith('pcx-')) return NONE;
  return { leads: 'perhaps', target };
}

const targetOf = (route: Route): string | undefined =>
  route.NatGatewayId ??
  route.GatewayId ??
  route.TransitGatewayId ??
  route.NetworkInterfaceId ??
  route.InstanceId ??
  route.LocalGatewayId ??
  route.CarrierGatewayId ??
  route.CoreNetworkArn ??
  route.VpcPeeringConnectionId;

/** Ranges of RFC 1918, RFC 6598 and link-local addresses. */
const PRIVATE_RANGE = /^(10\.|172\.(1[6-9]|2\d|3[01])\.|192\.168\.|169\.254\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/;

const isPublic = (route: Route | undefined): boolean =>
  route?.DestinationCidrBlock !== undefined && !PRIVATE_RANGE.test(route.DestinationCidrBlock);
