import {
  DescribeInternetGatewaysCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
  type NetworkInterface,
} from '@aws-sdk/client-ec2';
import { DescribeTasksCommand, ListTasksCommand } from '@aws-sdk/client-ecs';
import { TAG } from '../engine/ownership.ts';
import type { Aws } from './aws.ts';
import { orUndefined } from './errors.ts';
import { fromUpperTags } from './tags.ts';

/**
 * What keeps EC2 from deleting something, in words that say what happens next: AWS deletes the interface of an ended
 * task by itself; what belongs to somebody else is for a person to delete, never for us. `undefined`: nothing is seen.
 */
export async function blockerOfSubnet(aws: Aws, cluster: string, id: string): Promise<string | undefined> {
  return inWords(aws, cluster, await interfaces(aws, 'subnet-id', id));
}

export async function blockerOfGroup(aws: Aws, cluster: string, id: string): Promise<string | undefined> {
  return (await inWords(aws, cluster, await interfaces(aws, 'group-id', id))) ?? (await ruleThatNames(aws, id));
}

/** Only public addresses keep an internet gateway. */
export async function blockerOfGateway(aws: Aws, cluster: string, vpcId: string): Promise<string | undefined> {
  const found = await interfaces(aws, 'vpc-id', vpcId);
  return inWords(
    aws,
    cluster,
    found.filter(({ Association }) => Association?.PublicIp !== undefined),
  );
}

export async function blockerOfVpc(aws: Aws, cluster: string, id: string): Promise<string | undefined> {
  return (await inWords(aws, cluster, await interfaces(aws, 'vpc-id', id))) ?? (await foreignPart(aws, id));
}

async function interfaces(aws: Aws, filter: string, id: string): Promise<NetworkInterface[]> {
  const Filters = [{ Name: filter, Values: [id] }];
  const answer = await aws.clients.ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  return answer.NetworkInterfaces ?? [];
}

async function inWords(aws: Aws, cluster: string, found: NetworkInterface[]): Promise<string | undefined> {
  // What will not go by itself is what a person has to know about.
  const [first, ...others] = found.sort((a, b) => Number(isOfTask(a)) - Number(isOfTask(b)));
  if (!first) return undefined;
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return `network interface ${first.NetworkInterfaceId}${more} still uses it: ${await ownerOf(aws, cluster, first)}`;
}

const ATTACHMENT = /^arn:[^:]+:ecs:.*:attachment\/(.+)$/;

const isOfTask = ({ Description, RequesterManaged }: NetworkInterface): boolean =>
  RequesterManaged === true && ATTACHMENT.test(Description ?? '');

async function ownerOf(aws: Aws, cluster: string, found: NetworkInterface): Promise<string> {
  if (isOfTask(found)) {
    const attachment = ATTACHMENT.exec(found.Description ?? '')?.[1] ?? '';
    const task = await endedTaskWith(aws, cluster, attachment);
    const stays = 'AWS deletes it some time after the task has ended';
    if (task) return `it is of ${task}, and ${stays}`;
    return `it is of an ECS task (attachment ${attachment}), and ${stays}; one of another cluster is for its owner to stop`;
  }
  if (found.Attachment?.InstanceId !== undefined)
    return `it is of instance ${found.Attachment.InstanceId} of account ${found.Attachment.InstanceOwnerId}, which this stack did not make: end that with aws ec2 terminate-instances`;
  if (found.RequesterManaged)
    return `it is AWS's own (${found.Description || found.InterfaceType}), for something that this stack did not make: delete that`;
  const what = found.Description ? ` (${found.Description})` : '';
  return `this stack did not make it${what}: delete it with aws ec2 delete-network-interface`;
}

/** ECS remembers ended tasks for an hour, and no longer than their cluster. */
async function endedTaskWith(aws: Aws, cluster: string, attachment: string): Promise<string | undefined> {
  const { ecs } = aws.clients;
  const listed = await orUndefined(ecs.send(new ListTasksCommand({ cluster, desiredStatus: 'STOPPED' })));
  if (!listed?.taskArns?.length) return undefined;
  const described = await orUndefined(ecs.send(new DescribeTasksCommand({ cluster, tasks: listed.taskArns })));
  const task = described?.tasks?.find(({ attachments }) => attachments?.some(({ id }) => id === attachment));
  return task && `task ${task.taskArn?.split('/').at(-1)}`;
}

async function ruleThatNames(aws: Aws, id: string): Promise<string | undefined> {
  for (const direction of ['ip-permission', 'egress.ip-permission']) {
    const Filters = [{ Name: `${direction}.group-id`, Values: [id] }];
    const { SecurityGroups } = await aws.clients.ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
    const other = SecurityGroups?.find(({ GroupId }) => GroupId !== id);
    if (other) return `security group ${other.GroupId} (${other.GroupName}) has a rule that names it: remove that rule`;
  }
  return undefined;
}

/** Something in the VPC that has no network interface and is not of this stack. */
async function foreignPart(aws: Aws, vpcId: string): Promise<string | undefined> {
  const { ec2 } = aws.clients;
  const Filters = [{ Name: 'vpc-id', Values: [vpcId] }];
  const looks: (() => Promise<Part[] | undefined>)[] = [
    async () =>
      (await ec2.send(new DescribeSubnetsCommand({ Filters }))).Subnets?.map(({ SubnetId, Tags }) => ({
        what: `subnet ${SubnetId}`,
        Tags,
      })),
    async () =>
      (await ec2.send(new DescribeSecurityGroupsCommand({ Filters }))).SecurityGroups?.flatMap(
        // The default group goes with its VPC.
        ({ GroupId, GroupName, Tags }) =>
          GroupName === 'default' ? [] : [{ what: `security group ${GroupId} (${GroupName})`, Tags }],
      ),
    async () =>
      (await ec2.send(new DescribeVpcEndpointsCommand({ Filters }))).VpcEndpoints?.map(({ VpcEndpointId, Tags }) => ({
        what: `endpoint ${VpcEndpointId}`,
        Tags,
      })),
    async () =>
      (await ec2.send(new DescribeRouteTablesCommand({ Filters }))).RouteTables?.flatMap(
        ({ RouteTableId, Associations, Tags }) =>
          Associations?.some(({ Main }) => Main) ? [] : [{ what: `route table ${RouteTableId}`, Tags }],
      ),
    async () =>
      (
        await ec2.send(
          new DescribeInternetGatewaysCommand({ Filters: [{ Name: 'attachment.vpc-id', Values: [vpcId] }] }),
        )
      ).InternetGateways?.map(({ InternetGatewayId, Tags }) => ({
        what: `internet gateway ${InternetGatewayId}`,
        Tags,
      })),
  ];
  for (const look of looks) {
    const [foreign] = (await look())?.filter(({ Tags }) => fromUpperTags(Tags)[TAG.stack] !== aws.stack) ?? [];
    if (foreign) return `${foreign.what} is in it, which this stack did not make: delete that`;
  }
  return undefined;
}

interface Part {
  readonly what: string;
  readonly Tags: Parameters<typeof fromUpperTags>[0];
}
