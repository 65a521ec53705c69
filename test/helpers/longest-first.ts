import { createHash } from 'node:crypto';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes more than half a minute, the longest first: begun last, it would run alone at the end. */
const LONG = [
  'faults/matrix',
  'worker/refused',
  'docs/run',
  'lifecycle/stopped-init',
  'lifecycle/locking',
  'lifecycle/deploy',
  'cli/signals',
  'properties/sequences',
  'lifecycle/secrets',
  'lifecycle/main-job',
  'image/workspaces',
  'steps/stubborn-aws',
  'worker/worker',
  'image/worker-folder',
  'state/lock',
  'package/package',
  'lifecycle/scaling',
  'cli/failures',
  'worker/rollout',
  'cli/worker-init',
  'worker/long-activity',
  'aws/explain',
  'lifecycle/several-workers',
  'temporal/trigger',
  'steps/layouts',
  'cli/scenarios',
  'faults/kill-late-reads',
  'faults/kill-while-waiting',
];

/** The long files first, then the others in an order that the run's seed decides, so that none leans on another. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const seed = this.ctx.config.sequence.seed;
    const place = ({ moduleId }: TestSpecification): string => {
      const index = LONG.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      if (index >= 0) return `0 ${String(index).padStart(2, '0')}`;
      return `1 ${createHash('sha1').update(`${seed} ${moduleId}`).digest('hex')}`;
    };
    return [...files].sort((a, b) => (place(a) < place(b) ? -1 : 1));
  }
}
