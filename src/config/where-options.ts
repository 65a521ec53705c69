import type { Option } from './option.ts';
import { STACK_NAME } from './stack-name.ts';

/** Which stack of which account and region: what has to be known before the state can be read. */
export const WHERE_OPTIONS: readonly Option[] = [
  {
    key: 'profile',
    env: ['AWS_PROFILE'],
    question: 'AWS profile',
    help: 'Profile of the shared AWS files; left out, the usual chain of credentials is used.',
    type: 'text',
    default: '',
    stage: 'where',
  },
  {
    key: 'region',
    env: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
    question: 'AWS region',
    help: 'Where everything is created.',
    type: 'text',
    validate: (answer) =>
      /^[a-z]{2}(-[a-z]+)+-\d$/.test(String(answer)) ? undefined : `"${answer}" is no AWS region, such as us-east-1`,
    stage: 'where',
  },
  {
    key: 'stack',
    env: ['TEMPORAL_FARGATE_STACK'],
    question: 'Name of the stack',
    help: 'Names everything that is created; one per environment.',
    type: 'text',
    default: 'dev',
    validate: (answer) =>
      STACK_NAME.test(String(answer))
        ? undefined
        : `"${answer}" is no stack name: 2 to 20 lower-case letters, digits and single hyphens, first a letter`,
    stage: 'where',
  },
];
