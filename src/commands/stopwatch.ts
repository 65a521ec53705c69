import type { WorkerImage, WorkerImages } from '../aws/aws.ts';
import type { StepEvent } from '../engine/events.ts';
import type { Clock } from '../engine/wait.ts';
import type { Parts } from '../ui/format-deploy.ts';

/** Takes the time of every part of a deployment while it happens. */
export class Stopwatch {
  private readonly clock: Clock;
  private readonly parts = new Map<string, Parts>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  of(worker: string): Parts {
    return this.parts.get(worker) ?? {};
  }

  add(worker: string, parts: Parts): void {
    this.parts.set(worker, { ...this.of(worker), ...parts });
  }

  /**
   * The same images, timed while they are built and pushed.
   *
   * @param built false when they are made already, and have only to be fetched, which is then a part of the push
   */
  timed(images: WorkerImages, built = true): WorkerImages {
    const timed = new Map<WorkerImage, WorkerImage>();
    for (const image of new Set(images.values())) {
      const workers = [...images].flatMap(([worker, its]) => (its === image ? worker : []));
      timed.set(image, this.timedImage(image, workers, built));
    }
    return new Map([...images].map(([worker, image]) => [worker, timed.get(image) ?? image]));
  }

  private timedImage(image: WorkerImage, workers: readonly string[], isBuilt: boolean): WorkerImage {
    const tell = (parts: Parts): void => {
      for (const worker of workers) this.add(worker, parts);
    };
    let pushingSince = 0;
    return {
      inputHash: image.inputHash,
      build: async () => {
        const startedAt = this.clock.now();
        const made = await image.build();
        pushingSince = isBuilt ? this.clock.now() : startedAt;
        if (isBuilt) tell({ buildMs: pushingSince - startedAt });
        return made;
      },
      pushed: (pushedBytes) => tell({ pushMs: this.clock.now() - pushingSince, pushedBytes }),
    };
  }

  /** Hears of every step of the engine. */
  heard(event: StepEvent): void {
    if (event.type !== 'done' || event.action === 'none') return;
    const [, kind, worker] = /^compute\/(task-definition|service)\/(.+)$/.exec(event.id) ?? [];
    if (worker === undefined) return;
    this.add(worker, kind === 'service' ? { deploymentMs: event.elapsedMs } : { registerMs: event.elapsedMs });
  }
}
