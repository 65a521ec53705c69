import { freeCidr, parseCidr } from './network.ts';
import { type Answers, listOf, type Option } from './option.ts';
import { STACK_NAME } from './stack-name.ts';

/** Whether the stack makes its own VPC. */
const ownVpc = ({ network }: Answers): boolean => network !== 'existing' && network !== 'shared';

/** The network that the tasks run in. */
export const NETWORK_OPTIONS: readonly Option[] = [
  {
    key: 'network',
    env: ['TEMPORAL_FARGATE_NETWORK'],
    question: 'Network',
    help: 'private: one NAT gateway. private-per-az: one in each zone. public: none, tasks get a public address and no ingress. existing: a VPC that is there already. shared: that of another stack.',
    type: 'choice',
    choices: ['private', 'private-per-az', 'public', 'existing', 'shared'],
    about: {
      private: 'One NAT gateway: a fixed address, and one zone that carries the outgoing traffic of all.',
      'private-per-az': 'A NAT gateway in each zone: the loss of one stops no other.',
      public: 'No NAT gateway: tasks have public addresses that change, and still take no connections.',
      existing: 'A VPC that is there already: it is used, and never changed or deleted.',
      shared: 'That of another stack, which then cannot be destroyed before this one.',
    },
    default: 'private',
    stage: 'what',
  },
  {
    key: 'cidr',
    env: ['TEMPORAL_FARGATE_CIDR'],
    question: 'Address range of the VPC',
    help: 'IPv4 CIDR from /16 to /24; subnets are cut from it.',
    type: 'text',
    default: (_answers, { takenCidrs, ownCidr }) => ownCidr ?? freeCidr(takenCidrs ?? []),
    when: ownVpc,
    validate: (answer) =>
      parseCidr(String(answer))
        ? undefined
        : `"${answer}" is no IPv4 range; write one like 10.0.0.0/16, with zeros after its prefix`,
    onRequest: true,
    stage: 'what',
  },
  {
    key: 'zones',
    env: ['TEMPORAL_FARGATE_ZONES'],
    question: 'Availability zones',
    help: 'Comma-separated names; two survive the loss of one.',
    type: 'text',
    // Where AWS does not tell the zones, a person has to.
    default: (_answers, { zones }) => zones.slice(0, 2).join(',') || undefined,
    when: ownVpc,
    onRequest: true,
    stage: 'what',
  },
  {
    key: 'vpcId',
    env: ['TEMPORAL_FARGATE_VPC_ID'],
    question: 'VPC',
    help: 'Id of the VPC that is there already; it is used, and never changed or deleted.',
    type: 'text',
    when: ({ network }) => network === 'existing',
    validate: (answer) =>
      /^vpc-[0-9a-f]+$/.test(String(answer)) ? undefined : `"${answer}" is no id of a VPC, such as vpc-0a1b2c3d`,
    stage: 'what',
  },
  {
    key: 'subnetIds',
    env: ['TEMPORAL_FARGATE_SUBNET_IDS'],
    question: 'Subnets',
    help: 'Comma-separated ids of subnets of that VPC for the tasks; in two zones, they survive the loss of one.',
    type: 'text',
    when: ({ network }) => network === 'existing',
    validate: (answer) => {
      const ids = listOf(answer);
      const wrong = ids.find((id) => !/^subnet-[0-9a-f]+$/.test(id));
      if (ids.length === 0 || wrong !== undefined)
        return `"${wrong ?? answer}" is no id of a subnet, such as subnet-0a1b2c3d`;
      return ids.length === new Set(ids).size ? undefined : 'the same subnet is named twice';
    },
    stage: 'what',
  },
  {
    key: 'assignPublicIp',
    env: ['TEMPORAL_FARGATE_ASSIGN_PUBLIC_IP'],
    question: 'Public addresses for the tasks',
    help: 'auto: when the way out of their subnets is an internet gateway, which leads nowhere without them.',
    type: 'choice',
    choices: ['auto', 'yes', 'no'],
    default: 'auto',
    when: ({ network }) => network === 'existing',
    onRequest: true,
    stage: 'what',
  },
  {
    key: 'networkStack',
    env: ['TEMPORAL_FARGATE_NETWORK_STACK'],
    question: 'Stack whose network is shared',
    help: 'Another stack in this account and region, with a network of its own; it cannot be destroyed before this one.',
    type: 'text',
    when: ({ network }) => network === 'shared',
    validate: (answer, { stack }) => {
      if (answer === stack) return 'a stack cannot be a guest of itself';
      return STACK_NAME.test(String(answer)) ? undefined : `"${answer}" is no name of a stack`;
    },
    stage: 'what',
  },
];
