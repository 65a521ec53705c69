import { createHash } from 'node:crypto';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes a minute or more: begun last, it would run alone at the end. */
const LONG = [
  'faults/matrix',
  'lifecycle/stopped-init',
  'lifecycle/locking',
  'worker/refused',
  'worker/rollout',
  'docs/run',
  'faults/kill-while-waiting',
  'lifecycle/main-job',
  'lifecycle/secrets',
  'cli/signals',
  'cli/scenarios',
  'temporal/trigger',
];

/** The long files first, then the others in an order that the run's seed decides, so that none leans on another. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const seed = this.ctx.config.sequence.seed;
    const place = ({ moduleId }: TestSpecification): string => {
      const index = LONG.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return index >= 0 ? `0 ${index}` : `1 ${createHash('sha1').update(`${seed} ${moduleId}`).digest('hex')}`;
    };
    return [...files].sort((a, b) => (place(a) < place(b) ? -1 : 1));
  }
}
