import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateRouteTableCommand,
  DeleteRouteCommand,
  DeleteRouteTableCommand,
  DescribeInternetGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVpcEndpointsCommand,
  DetachInternetGatewayCommand,
  DisassociateRouteTableCommand,
  ModifyVpcEndpointCommand,
  ReplaceRouteCommand,
  ReplaceRouteTableAssociationCommand,
  RevokeSecurityGroupEgressCommand,
  type RouteTable,
} from '@aws-sdk/client-ec2';
import { describe } from 'vitest';
import { referenceConfig } from '../helpers/aws-stack.ts';
import { eventually } from '../helpers/emulator.ts';
import { type Drift, idOf, itPutsBack, only, useSteps } from './stage.ts';

const stage = useSteps();
const ec2 = () => stage.emulator.clients.ec2;
const EVERYWHERE = '0.0.0.0/0';
const ANY = [{ IpProtocol: '-1', IpRanges: [{ CidrIp: EVERYWHERE }] }];

const tableOf = async (id: string): Promise<RouteTable> =>
  only((await ec2().send(new DescribeRouteTablesCommand({ RouteTableIds: [id] }))).RouteTables);

/** Where the table's default route leads, whether that works, and which subnets have the table. */
async function routing(id: string) {
  const table = await tableOf(id);
  const route = table.Routes?.find(({ DestinationCidrBlock }) => DestinationCidrBlock === EVERYWHERE);
  return {
    default: route && [route.GatewayId ?? route.NatGatewayId, route.State],
    subnets: (table.Associations ?? []).flatMap(({ SubnetId }) => SubnetId ?? []).sort(),
  };
}

async function associationOf(tableId: string, subnetId: string): Promise<string | undefined> {
  const { Associations } = await tableOf(tableId);
  return Associations?.find(({ SubnetId }) => SubnetId === subnetId)?.RouteTableAssociationId;
}

describe('a network changed by hand', () => {
  itPutsBack(stage, (at) => {
    const id = (step: string) => idOf(at(), `network/${step}`);
    const group = () => id('security-group');
    const rules = async () => {
      const groups = await ec2().send(new DescribeSecurityGroupsCommand({ GroupIds: [group()] }));
      const { IpPermissions, IpPermissionsEgress } = only(groups.SecurityGroups);
      const peers = (list: typeof IpPermissions) =>
        (list ?? []).flatMap(({ IpProtocol, FromPort, IpRanges, Ipv6Ranges, UserIdGroupPairs }) => [
          ...(IpRanges ?? []).map(({ CidrIp }) => [IpProtocol, FromPort, CidrIp]),
          ...(Ipv6Ranges ?? []).map(({ CidrIpv6 }) => [IpProtocol, FromPort, CidrIpv6]),
          ...(UserIdGroupPairs ?? []).map(({ GroupId }) => [IpProtocol, FromPort, GroupId]),
        ]);
      return { in: peers(IpPermissions), out: peers(IpPermissionsEgress) };
    };
    const endpointTables = async () => {
      const ids = [id('s3-endpoint')];
      return only((await ec2().send(new DescribeVpcEndpointsCommand({ VpcEndpointIds: ids }))).VpcEndpoints)
        .RouteTableIds;
    };
    const changed = (step: string, ...fields: string[]) => ({ [`network/${step}`]: ['update', ...fields] });
    /** A route table of somebody else in our VPC; gone again when `use` has ended. */
    const foreignTable = async () => {
      const made = await ec2().send(new CreateRouteTableCommand({ VpcId: id('vpc') }));
      const table = made.RouteTable?.RouteTableId ?? '';
      const Filters = [{ Name: 'route-table-id', Values: [table] }];
      // EC2 knows a new thing a moment after it has made it.
      await eventually('a new route table to be seen', async () => {
        const { RouteTables } = await ec2().send(new DescribeRouteTablesCommand({ Filters }));
        return RouteTables?.length === 1;
      });
      return table;
    };
    const movedElsewhere = (tier: string): Drift => {
      let foreign = '';
      return {
        field: `${tier} subnet associated elsewhere`,
        plan: changed(`route-table/${tier}`, 'subnetIds'),
        read: async () => {
          const now = await routing(id(`route-table/${tier}`));
          // Somebody else's table in our VPC would keep it from being deleted.
          if (foreign !== '' && now.subnets.length === 2) {
            await ec2().send(new DeleteRouteTableCommand({ RouteTableId: foreign }));
            foreign = '';
          }
          return now;
        },
        spoil: async () => {
          foreign = await foreignTable();
          const AssociationId = await associationOf(id(`route-table/${tier}`), id(`subnet/${tier}-a`));
          await ec2().send(new ReplaceRouteTableAssociationCommand({ AssociationId, RouteTableId: foreign }));
        },
      };
    };
    const ofTier = (tier: string, target: string, other: () => object): Drift[] => {
      const table = () => id(`route-table/${tier}`);
      const read = () => routing(table());
      const route = { DestinationCidrBlock: EVERYWHERE };
      return [
        {
          field: `default route of the ${tier} table deleted`,
          plan: changed(`route-table/${tier}`, 'defaultRoute'),
          read,
          spoil: () => ec2().send(new DeleteRouteCommand({ RouteTableId: table(), ...route })),
        },
        {
          field: `default route of the ${tier} table past the ${target}`,
          plan: changed(`route-table/${tier}`, 'defaultRoute'),
          read,
          spoil: () => ec2().send(new ReplaceRouteCommand({ RouteTableId: table(), ...route, ...other() })),
        },
        {
          field: `${tier} subnet without its table`,
          plan: changed(`route-table/${tier}`, 'subnetIds'),
          read,
          spoil: async () => {
            const AssociationId = await associationOf(table(), id(`subnet/${tier}-b`));
            await ec2().send(new DisassociateRouteTableCommand({ AssociationId }));
          },
        },
        movedElsewhere(tier),
      ];
    };
    const ruleDrift = (field: string, which: 'ingress' | 'egress', spoil: () => Promise<unknown>): Drift => ({
      field,
      plan: changed('security-group', which),
      read: rules,
      spoil,
    });
    const open = (IpPermissions: object[]) =>
      ec2().send(new AuthorizeSecurityGroupIngressCommand({ GroupId: group(), IpPermissions }));
    const letOut = (IpPermissions: object[]) =>
      ec2().send(new AuthorizeSecurityGroupEgressCommand({ GroupId: group(), IpPermissions }));
    const shut = () => ec2().send(new RevokeSecurityGroupEgressCommand({ GroupId: group(), IpPermissions: ANY }));
    const ssh = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22 };

    return [
      ...ofTier('public', 'internet gateway', () => ({ NatGatewayId: id('nat-gateway/a') })),
      ...ofTier('private', 'NAT gateway', () => ({ GatewayId: id('internet-gateway') })),
      {
        field: 'extra subnet in the public table',
        plan: { ...changed('route-table/public', 'subnetIds'), ...changed('route-table/private', 'subnetIds') },
        read: async () => [await routing(id('route-table/public')), await routing(id('route-table/private'))],
        spoil: async () => {
          const AssociationId = await associationOf(id('route-table/private'), id('subnet/private-a'));
          await ec2().send(
            new ReplaceRouteTableAssociationCommand({ AssociationId, RouteTableId: id('route-table/public') }),
          );
        },
      },
      {
        field: 'S3 endpoint without its route table',
        plan: changed('s3-endpoint', 'routeTableIds'),
        read: endpointTables,
        spoil: () =>
          ec2().send(
            new ModifyVpcEndpointCommand({
              VpcEndpointId: id('s3-endpoint'),
              RemoveRouteTableIds: [id('route-table/private')],
            }),
          ),
      },
      {
        field: 'S3 endpoint in a table too many',
        plan: changed('s3-endpoint', 'routeTableIds'),
        read: endpointTables,
        spoil: () =>
          ec2().send(
            new ModifyVpcEndpointCommand({
              VpcEndpointId: id('s3-endpoint'),
              AddRouteTableIds: [id('route-table/public')],
            }),
          ),
      },
      ruleDrift('ingress from an address range', 'ingress', () =>
        open([{ ...ssh, IpRanges: [{ CidrIp: EVERYWHERE, Description: 'for a moment' }, { CidrIp: '10.9.0.0/16' }] }]),
      ),
      ruleDrift('ingress from IPv6', 'ingress', () => open([{ ...ssh, Ipv6Ranges: [{ CidrIpv6: '::/0' }] }])),
      ruleDrift('ingress from the group itself', 'ingress', () =>
        open([{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: group() }] }]),
      ),
      ruleDrift('egress removed', 'egress', shut),
      ruleDrift('extra egress of another protocol', 'egress', () =>
        letOut([{ ...ssh, IpRanges: [{ CidrIp: '10.0.0.0/8' }] }]),
      ),
      ruleDrift('extra egress that AWS joins with the right one', 'egress', () =>
        letOut([{ IpProtocol: '-1', IpRanges: [{ CidrIp: '10.0.0.0/8' }, { CidrIp: '192.168.0.0/16' }] }]),
      ),
      ruleDrift('egress narrowed to one port', 'egress', async () => {
        await letOut([{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: EVERYWHERE }] }]);
        await shut();
      }),
    ];
  });
});

describe('a network without tasks and NAT gateways', () => {
  itPutsBack(
    stage,
    (at) => {
      const gateway = () => idOf(at(), 'network/internet-gateway');
      const read = async () => {
        const answer = await ec2().send(new DescribeInternetGatewaysCommand({ InternetGatewayIds: [gateway()] }));
        const route = (await routing(idOf(at(), 'network/route-table/public'))).default;
        return [only(answer.InternetGateways).Attachments?.map(({ VpcId }) => VpcId), route];
      };
      return [
        {
          field: 'internet gateway detached, its route a black hole',
          plan: {
            'network/internet-gateway': ['update', 'attachedTo'],
            'network/route-table/public': ['update', 'defaultRoute'],
          },
          read,
          spoil: () =>
            ec2().send(
              new DetachInternetGatewayCommand({ InternetGatewayId: gateway(), VpcId: idOf(at(), 'network/vpc') }),
            ),
        },
      ];
    },
    (stack) => {
      stack.config = referenceConfig({ network: 'public', minTasks: 0 });
    },
  );
});
