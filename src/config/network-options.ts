import { parseCidr } from './network.ts';
import type { Answers, Option } from './option.ts';

/** Whether the stack makes its own VPC. */
const ownVpc = ({ network }: Answers): boolean => network !== 'existing' && network !== 'shared';

/** The network that the tasks run in. */
export const NETWORK_OPTIONS: readonly Option[] = [
  {
    key: 'network',
    env: ['TEMPORAL_FARGATE_NETWORK'],
    question: 'Network',
    help: 'private: one NAT gateway. private-per-az: one in each zone. public: none, tasks get a public address and no ingress.',
    type: 'choice',
    choices: ['private', 'private-per-az', 'public'],
    default: 'private',
    stage: 'what',
  },
  {
    key: 'cidr',
    env: ['TEMPORAL_FARGATE_CIDR'],
    question: 'Address range of the VPC',
    help: 'IPv4 CIDR from /16 to /24; subnets are cut from it.',
    type: 'text',
    default: '10.0.0.0/16',
    when: ownVpc,
    validate: (answer) =>
      parseCidr(String(answer))
        ? undefined
        : `"${answer}" is no IPv4 range; write one like 10.0.0.0/16, with zeros after its prefix`,
    stage: 'what',
  },
  {
    key: 'zones',
    env: ['TEMPORAL_FARGATE_ZONES'],
    question: 'Availability zones',
    help: 'Comma-separated names; two survive the loss of one.',
    type: 'text',
    default: (_answers, { zones }) => zones.slice(0, 2).join(','),
    when: ownVpc,
    stage: 'what',
  },
];
