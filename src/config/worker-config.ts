import { workerExtras, workerExtrasAnswers } from './extras.ts';
import type { Answers, OptionKey } from './option.ts';
import type { WorkerConfig } from './schema.ts';

/** What the only worker of a stack is named when nothing else is said. */
export const ONLY_WORKER = 'worker';

/** A worker of the stack with the answers about it: in a config file, in the state, or all of them. */
export interface WorkerAnswers {
  readonly name: string;
  readonly answers: Answers;
}

/** Scaling that is not asked for; docs/scaling.md shows what it does. */
const SCALING = {
  fastScaleOutAbove: 10,
  scaleOutMinutes: 2,
  scaleOutCooldownSeconds: 60,
  scaleInMinutes: 10,
  scaleInCooldownSeconds: 300,
} as const;

/** Complete answers about one worker -> its part of the config, still to be parsed. */
export function workerFields({ name, answers }: WorkerAnswers): Partial<Record<keyof WorkerConfig, unknown>> {
  const text = (key: OptionKey): string => String(answers[key] ?? '');
  const number = (key: OptionKey): number => Number(answers[key]);
  const source = text('workerSource') || (text('image') ? 'image' : 'bundled');
  return {
    name,
    taskQueue: text('taskQueue'),
    cpu: number('cpu'),
    memory: number('memory'),
    architecture: text('architecture'),
    baseImage: text('baseImage') || undefined,
    source: source === 'bundled' ? undefined : source,
    image: source === 'image' ? text('image') : undefined,
    docker: answers.docker === true ? true : undefined,
    installScripts: answers.allowInstallScripts === true ? true : undefined,
    onDemandBase: number('onDemandBase'),
    spotWeight: number('spotWeight'),
    onDemandWeight: number('onDemandWeight'),
    stopTimeoutSeconds: number('stopTimeout'),
    ...workerExtras(answers),
    scaling: {
      min: number('minTasks'),
      max: number('maxTasks'),
      scaleOutAt: number('scaleOutAt'),
      scaleInAt: number('scaleInAt'),
      ...SCALING,
    },
  };
}

/** The answers that lead to this worker. */
export const workerAnswers = (worker: WorkerConfig): Answers => ({
  taskQueue: worker.taskQueue,
  cpu: worker.cpu,
  memory: worker.memory,
  architecture: worker.architecture,
  ...(worker.baseImage !== undefined && { baseImage: worker.baseImage }),
  // That it is an image follows from there being one.
  ...(worker.source === 'folder' && { workerSource: worker.source }),
  ...(worker.image !== undefined && { image: worker.image }),
  ...(worker.docker && { docker: true }),
  ...(worker.installScripts !== undefined && { allowInstallScripts: worker.installScripts }),
  spotWeight: worker.spotWeight,
  onDemandWeight: worker.onDemandWeight,
  onDemandBase: worker.onDemandBase,
  stopTimeout: worker.stopTimeoutSeconds,
  minTasks: worker.scaling.min,
  maxTasks: worker.scaling.max,
  scaleOutAt: worker.scaling.scaleOutAt,
  scaleInAt: worker.scaling.scaleInAt,
  ...workerExtrasAnswers(worker),
});
