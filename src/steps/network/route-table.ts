import {
  AssociateRouteTableCommand,
  CreateRouteCommand,
  type CreateRouteCommandInput,
  CreateRouteTableCommand,
  DeleteRouteTableCommand,
  DescribeRouteTablesCommand,
  DisassociateRouteTableCommand,
  ReplaceRouteCommand,
  ReplaceRouteTableAssociationCommand,
  type RouteTable,
} from '@aws-sdk/client-ec2';
import type { Aws } from '../../aws/aws.ts';
import { hasName, ifThere, orUndefined } from '../../aws/errors.ts';
import { retagEc2 } from '../../aws/retag.ts';
import { ec2Tags, fromUpperTags } from '../../aws/tags.ts';
import { type CreatedNeed, withChanges } from '../../engine/step.ts';
import { BLOCKED, changesOf, defineStep, must } from '../define.ts';
import { free } from '../monthly-cost.ts';
import type { InternetGatewayStep } from './internet-gateway.ts';
import type { NatGatewayStep } from './nat-gateway.ts';
import { mayChange, mayFind, mayMake, mayRetag } from './permissions.ts';
import type { SubnetStep } from './subnet.ts';
import type { VpcStep } from './vpc.ts';

const EVERYWHERE = '0.0.0.0/0';

type SubnetNeeds = Readonly<Record<`subnet${string}`, SubnetStep>>;

export const publicRouteTable = (needs: SubnetNeeds & { vpc: VpcStep; gateway: InternetGatewayStep }) =>
  routeTable('public', 'public route table', needs);

/** The NAT gateway may still be pending: AWS takes a route to it at once. */
export const privateRouteTable = (
  name: string,
  title: string,
  needs: SubnetNeeds & { vpc: VpcStep; gateway: CreatedNeed<NatGatewayStep> },
) => routeTable(`private${name}`, title, needs);

/** Routes and associations are fields of their table: AWS gives them no tags. */
function routeTable<
  const N extends SubnetNeeds & { vpc: VpcStep; gateway: InternetGatewayStep | CreatedNeed<NatGatewayStep> },
>(name: string, title: string, needs: N) {
  return defineStep({
    id: `network/route-table/${name}`,
    title,
    needs,
    repeatable: 'token',
    timeouts: BLOCKED,
    holds: 'vpc',
    monthlyCost: free,
    actions: {
      find: mayFind('RouteTables'),
      create: mayMake('CreateRouteTable'),
      update: [
        ...mayChange('CreateRoute', 'ReplaceRoute'),
        ...mayChange('AssociateRouteTable', 'DisassociateRouteTable', 'ReplaceRouteTableAssociation'),
      ],
      retag: mayRetag,
      destroy: mayChange('DeleteRouteTable', 'DisassociateRouteTable'),
    },
    want: (_config, from) => {
      const { vpc, gateway, ...subnets } = from as unknown as Record<string, { id: string }>;
      return {
        vpcId: must(vpc, 'a VPC').id,
        /** What 0.0.0.0/0 leads to: `igw-…` or `nat-…`. */
        defaultRoute: must(gateway, 'a gateway').id,
        subnetIds: Object.values(subnets)
          .map(({ id }) => id)
          .sort(),
      };
    },
    findById: async (aws, id) => toLive(await aws.ec2.routeTables.byId(id)),
    findOwned: async (aws, { stepId }) =>
      (await aws.ec2.routeTables.byStep(stepId)).flatMap((found) => toLive(found) ?? []),
    diff: (want, live) => changesOf(want, live, { vpcId: 'replace', defaultRoute: 'update', subnetIds: 'update' }),
    async create(aws, want, { tags, token }) {
      const { RouteTable } = await aws.clients.ec2.send(
        new CreateRouteTableCommand({
          VpcId: want.vpcId,
          ClientToken: token,
          TagSpecifications: ec2Tags('route-table', tags),
        }),
      );
      return { ...must(toLive(RouteTable), 'the route table'), tags };
    },
    async update(aws, live, want, changes) {
      if (live.defaultRoute !== want.defaultRoute) {
        const route = {
          RouteTableId: live.id,
          DestinationCidrBlock: EVERYWHERE,
          ...(want.defaultRoute.startsWith('nat-')
            ? { NatGatewayId: want.defaultRoute }
            : { GatewayId: want.defaultRoute }),
        };
        await setRoute(aws, live.hasDefault, route);
      }
      const wanted = new Set(want.subnetIds);
      for (const { id, subnetId } of live.associations) if (!wanted.has(subnetId)) await disassociate(aws, id);
      const associations = live.associations.filter(({ subnetId }) => wanted.has(subnetId));
      for (const subnetId of want.subnetIds) {
        if (live.subnetIds.includes(subnetId)) continue;
        associations.push({ id: await associate(aws, live.id, subnetId), subnetId });
      }
      return { ...withChanges(live, changes), hasDefault: true, associations };
    },
    retag: (aws, { id }, change) => retagEc2(aws, id, change),
    async destroy(aws, live) {
      for (const { id } of live.associations) await disassociate(aws, id);
      await ifThere(aws.clients.ec2.send(new DeleteRouteTableCommand({ RouteTableId: live.id })));
    },
  });
}

export type RouteTableStep = ReturnType<typeof publicRouteTable> | ReturnType<typeof privateRouteTable>;

/** A route that an earlier attempt of this update made, after `live` was read, is there already: it is replaced. */
async function setRoute(aws: Aws, exists: boolean, route: CreateRouteCommandInput): Promise<void> {
  const { ec2 } = aws.clients;
  try {
    await ec2.send(exists ? new ReplaceRouteCommand(route) : new CreateRouteCommand(route));
  } catch (error) {
    if (!hasName(error, 'RouteAlreadyExists')) throw error;
    await ec2.send(new ReplaceRouteCommand(route));
  }
}

/**
 * A subnet that another table has is moved over in one call, so that its tasks are never without a route. The other
 * table may be letting go of it at this very moment: then it is free, and taken as usual.
 *
 * @returns the id of the association
 */
async function associate(aws: Aws, RouteTableId: string, SubnetId: string, again = true): Promise<string> {
  const { ec2 } = aws.clients;
  try {
    const { AssociationId } = await ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId }));
    return must(AssociationId, 'the id of an association');
  } catch (error) {
    if (!hasName(error, 'Resource.AlreadyAssociated')) throw error;
    const moved = await move(aws, RouteTableId, SubnetId);
    if (moved !== undefined) return moved;
    if (!again) throw error;
    return associate(aws, RouteTableId, SubnetId, false);
  }
}

/** @returns the id of the new association; `undefined` when there was none to move */
async function move(aws: Aws, RouteTableId: string, SubnetId: string): Promise<string | undefined> {
  const { ec2 } = aws.clients;
  const Filters = [{ Name: 'association.subnet-id', Values: [SubnetId] }];
  const { RouteTables } = await ec2.send(new DescribeRouteTablesCommand({ Filters }));
  const other = RouteTables?.[0]?.Associations?.find((association) => association.SubnetId === SubnetId);
  if (other?.RouteTableAssociationId === undefined) return undefined;
  const AssociationId = other.RouteTableAssociationId;
  const answer = await orUndefined(ec2.send(new ReplaceRouteTableAssociationCommand({ AssociationId, RouteTableId })));
  return answer && must(answer.NewAssociationId, 'the id of an association');
}

const disassociate = (aws: Aws, AssociationId: string) =>
  ifThere(aws.clients.ec2.send(new DisassociateRouteTableCommand({ AssociationId })));

function toLive(found: RouteTable | undefined) {
  if (!found) return undefined;
  const route = found.Routes?.find(({ DestinationCidrBlock }) => DestinationCidrBlock === EVERYWHERE);
  const associations = (found.Associations ?? []).flatMap(
    ({ RouteTableAssociationId: id, SubnetId: subnetId, AssociationState }) =>
      id !== undefined && subnetId !== undefined && AssociationState?.State !== 'disassociated'
        ? [{ id, subnetId }]
        : [],
  );
  return {
    id: must(found.RouteTableId, 'a route table id'),
    tags: fromUpperTags(found.Tags),
    vpcId: found.VpcId ?? '',
    hasDefault: route !== undefined,
    // A route to a gateway that was deleted is a black hole: as good as none, but it has to be replaced.
    defaultRoute: route?.State === 'blackhole' ? '(black hole)' : (route?.NatGatewayId ?? route?.GatewayId ?? ''),
    associations,
    subnetIds: associations.map(({ subnetId }) => subnetId).sort(),
  };
}
