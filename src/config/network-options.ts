import { parseCidr } from './network.ts';
import type { Option } from './option.ts';

/** The network that the tasks run in. */
export const NETWORK_OPTIONS: readonly Option[] = [
  {
    key: 'cidr',
    env: ['TEMPORAL_FARGATE_CIDR'],
    question: 'Address range of the VPC',
    help: 'IPv4 CIDR from /16 to /24; subnets are cut from it.',
    type: 'text',
    default: '10.0.0.0/16',
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
    stage: 'what',
  },
  {
    key: 'nat',
    env: ['TEMPORAL_FARGATE_NAT'],
    question: 'NAT gateways',
    help: 'single: one for all zones. per-zone: one in each. none: tasks get a public address and no ingress.',
    type: 'choice',
    choices: ['single', 'per-zone', 'none'],
    default: 'single',
    stage: 'what',
  },
];
