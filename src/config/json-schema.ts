import { WORKERS_KEY } from './config-file-workers.ts';
import type { Option } from './option.ts';
import { OPTIONS } from './options.ts';
import { PAIR_NAME } from './pairs.ts';
import { STACK_NAME } from './stack-name.ts';

/** The only key of a config file that is no answer: it tells editors where this schema is. */
export const SCHEMA_KEY = '$schema';

/** JSON Schema of the config file, for editors: types, choices and ranges. What goes with what only the program knows. */
export function configFileSchema(): object {
  const answers = OPTIONS.filter(({ secret }) => !secret);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Answers to temporal-fargate',
    description:
      'For --config. Secrets have no place in it. What is left out has its default, or stays as the stack has it.',
    type: 'object',
    properties: {
      [SCHEMA_KEY]: { type: 'string', description: 'Where this schema is.' },
      ...Object.fromEntries(answers.map((option) => [option.key, propertyOf(option)])),
      [WORKERS_KEY]: workersSchema(),
    },
    additionalProperties: false,
  };
}

function workersSchema(): object {
  const own = OPTIONS.filter(({ perWorker }) => perWorker);
  return {
    description:
      'Several workers in one stack, each with its own name; what one leaves out is as the answers beside this list say.',
    type: 'array',
    minItems: 1,
    items: {
      type: 'object',
      properties: {
        name: { type: 'string', description: 'Names the service and what belongs to it.', pattern: STACK_NAME.source },
        ...Object.fromEntries(own.map((option) => [option.key, describe(option)])),
      },
      required: ['name'],
      additionalProperties: false,
    },
  };
}

function propertyOf(option: Option): object {
  const { default: usual } = option;
  return {
    ...describe(option),
    ...(typeof usual === 'function' || usual === undefined || usual === '' ? {} : { default: usual }),
  };
}

const describe = (option: Option): object => ({
  description: `${option.question}${option.question.endsWith('?') ? '' : '.'} ${option.help}`,
  ...kindOf(option),
});

function kindOf({ type, choices, range, values }: Option): object {
  if (type === 'boolean') return { type };
  if (type === 'pairs') {
    return { type: 'object', propertyNames: { pattern: PAIR_NAME.source }, additionalProperties: { type: 'string' } };
  }
  // The object itself, or the path of a file that holds it.
  if (type === 'json') return { type: ['object', 'string'] };
  if (type !== 'number') return { type: 'string', ...(choices && { enum: choices }) };
  if (values) return { type: 'integer', enum: values };
  return range ? { type: 'integer', minimum: range[0], maximum: range[1] } : { type };
}
