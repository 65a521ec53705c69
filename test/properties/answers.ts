import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** All that these sequences ever change, so that nothing is left to what the stack was before. */
const STACK = { network: 'private', cidr: '10.0.0.0/16', logRetentionDays: 7, dataBucket: true, tags: '' };
const WORKER = { name: 'worker', taskQueue: 'test-queue', memory: 2048, maxTasks: 10, scaleOutAt: 30 };

/** With permissions of its own, and so a role that no other has. */
const SECOND = {
  ...{ ...WORKER, name: 'second', taskQueue: 'second-queue' },
  taskPolicyArns: 'arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess',
};

/** Stacks that people ask for, by the name of the config file that says so. */
const ANSWERS = {
  reference: { ...STACK, workers: [WORKER] },
  tuned: {
    ...{ ...STACK, logRetentionDays: 14, tags: 'team=core' },
    workers: [{ ...WORKER, memory: 4096, maxTasks: 4, scaleOutAt: 50 }],
  },
  public: { ...STACK, network: 'public', workers: [WORKER] },
  'per-zone': { ...STACK, network: 'private-per-az', workers: [WORKER] },
  'no-bucket': { ...STACK, dataBucket: false, workers: [WORKER] },
  moved: { ...STACK, cidr: '10.1.0.0/16', workers: [WORKER] },
  two: { ...STACK, workers: [WORKER, SECOND] },
} as const;

export type AnswersName = keyof typeof ANSWERS;

export const ANSWERS_NAMES = Object.keys(ANSWERS) as AnswersName[];

/** Writes the config files, each named for its answers. */
export function writeAnswers(folder: string): void {
  for (const [name, answers] of Object.entries(ANSWERS)) {
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(answers, null, 2));
  }
}
