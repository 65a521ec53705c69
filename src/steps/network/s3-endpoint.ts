import {
  CreateVpcEndpointCommand,
  DeleteVpcEndpointsCommand,
  ModifyVpcEndpointCommand,
  type VpcEndpoint,
} from '@aws-sdk/client-ec2';
import { isNotFound } from '../../aws/errors.ts';
import { retagEc2 } from '../../aws/retag.ts';
import { ec2Tags, fromUpperTags } from '../../aws/tags.ts';
import type { Readiness } from '../../engine/step.ts';
import { changesOf, defineStep, must } from '../define.ts';
import { free } from '../monthly-cost.ts';
import { mayChange, mayFind, mayMake, mayRetag } from './permissions.ts';
import type { RouteTableStep } from './route-table.ts';
import type { VpcStep } from './vpc.ts';

/** Free, and image layers come from S3: without it they would pass the NAT gateway at its price per GB. */
export const s3Endpoint = (needs: { vpc: VpcStep } & Readonly<Record<`table${string}`, RouteTableStep>>) =>
  defineStep({
    id: 'network/s3-endpoint',
    title: 'S3 gateway endpoint',
    needs,
    repeatable: 'token',
    lingers: true,
    timeouts: { ready: 5, gone: 10 },
    usual: { ready: [5, 15] },
    monthlyCost: free,
    actions: {
      find: mayFind('VpcEndpoints'),
      create: mayMake('CreateVpcEndpoint'),
      update: mayChange('ModifyVpcEndpoint'),
      retag: mayRetag,
      destroy: mayChange('DeleteVpcEndpoints'),
    },
    want: ({ region }, from) => {
      const { vpc, ...tables } = from as unknown as Record<string, { id: string }>;
      return {
        vpcId: must(vpc, 'a VPC').id,
        service: `com.amazonaws.${region}.s3`,
        routeTableIds: Object.values(tables)
          .map(({ id }) => id)
          .sort(),
      };
    },
    findById: async (aws, id) => toLive(await aws.ec2.vpcEndpoints.byId(id)),
    findOwned: async (aws, { stepId }) =>
      (await aws.ec2.vpcEndpoints.byStep(stepId)).flatMap((found) => toLive(found) ?? []),
    diff: (want, live) => changesOf(want, live, { vpcId: 'replace', service: 'replace', routeTableIds: 'update' }),
    async create(aws, want, { tags, token }) {
      const { VpcEndpoint } = await aws.clients.ec2.send(
        new CreateVpcEndpointCommand({
          VpcId: want.vpcId,
          VpcEndpointType: 'Gateway',
          ServiceName: want.service,
          RouteTableIds: want.routeTableIds,
          ClientToken: token,
          TagSpecifications: ec2Tags('vpc-endpoint', tags),
        }),
      );
      return { ...must(toLive(VpcEndpoint), 'the endpoint'), tags };
    },
    async update(aws, live, want) {
      const AddRouteTableIds = want.routeTableIds.filter((id) => !live.routeTableIds.includes(id));
      const RemoveRouteTableIds = live.routeTableIds.filter((id) => !want.routeTableIds.includes(id));
      await aws.clients.ec2.send(
        new ModifyVpcEndpointCommand({
          VpcEndpointId: live.id,
          ...(AddRouteTableIds.length > 0 ? { AddRouteTableIds } : {}),
          ...(RemoveRouteTableIds.length > 0 ? { RemoveRouteTableIds } : {}),
        }),
      );
      return undefined;
    },
    readiness: (live): Readiness => {
      if (live.state === 'available') return { state: 'ready', detail: live.state };
      if (live.state === 'deleting') return { state: 'leaving', detail: live.state };
      if (/^(failed|rejected|expired)$/.test(live.state)) return { state: 'failed', detail: live.state };
      return { state: 'waiting', detail: live.state };
    },
    retag: (aws, { id }, change) => retagEc2(aws, id, change),
    async destroy(aws, live) {
      const { Unsuccessful } = await aws.clients.ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [live.id] }));
      // Answers 200 and lists what it did not do.
      const problem = Unsuccessful?.[0]?.Error;
      if (!problem) return;
      const error = Object.assign(new Error(problem.Message ?? 'not deleted'), {
        name: problem.Code ?? 'Unsuccessful',
      });
      if (!isNotFound(error)) throw error;
    },
  });

function toLive(found: VpcEndpoint | undefined) {
  // The SDK's enum has capitals, AWS answers in lower case.
  const state = found?.State?.toLowerCase() ?? '';
  if (!found || state === 'deleted') return undefined;
  return {
    id: must(found.VpcEndpointId, 'an endpoint id'),
    tags: fromUpperTags(found.Tags),
    vpcId: found.VpcId ?? '',
    service: found.ServiceName ?? '',
    routeTableIds: [...(found.RouteTableIds ?? [])].sort(),
    state,
  };
}
