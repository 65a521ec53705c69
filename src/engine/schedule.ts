import { asError } from '../errors.ts';

/** One piece of work in a graph of them. */
export interface Task {
  readonly id: string;
  /** What a person reads when another task is not started because of this one. */
  readonly title: string;
  /** Ids of tasks, and how far each must have come before this one starts. Ids that are not in the list count as met. */
  readonly after: readonly { readonly id: string; readonly until: 'created' | 'ready' }[];
  /**
   * `reached` may be called before the end, to let those start that need no more than that. What fails after `ready` does
   * not keep them from starting, but everything that has not started by then.
   */
  run(reached: (until: 'created' | 'ready') => void): Promise<void>;
  /** Called instead of `run`, with the reason. */
  skip(reason: string): void;
}

interface Gate {
  readonly promise: Promise<boolean>;
  open(success: boolean): void;
}

function gate(): Gate {
  let open: (success: boolean) => void = () => undefined;
  const promise = new Promise<boolean>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

/**
 * Runs every task as soon as what it waits for is done: no levels, no barriers. After the first failure, or once
 * the signal aborts, nothing new is started; what runs is left to finish.
 *
 * @returns every error, in the order in which they happened. The tasks must form no cycle.
 */
export async function runTasks(tasks: readonly Task[], signal?: AbortSignal): Promise<Error[]> {
  const errors: Error[] = [];
  const titles = new Map(tasks.map(({ id, title }) => [id, title]));
  const gates = new Map(tasks.map((task) => [task.id, { created: gate(), ready: gate() }]));

  const start = async (task: Task): Promise<void> => {
    const own = gates.get(task.id);
    const met = await Promise.all(
      task.after.map(async ({ id, until }) => ({ id, ok: (await gates.get(id)?.[until].promise) ?? true })),
    );
    const unmet = met.filter(({ ok }) => !ok).map(({ id }) => titles.get(id) ?? id);
    const reason = signal?.aborted
      ? 'the run was interrupted'
      : unmet.length > 0
        ? `${unmet.join(', ')} is missing`
        : errors.length > 0
          ? 'another step failed'
          : undefined;
    let success = false;
    if (reason !== undefined) {
      task.skip(`not started: ${reason}`);
    } else {
      try {
        await task.run((until) => own?.[until].open(true));
        success = true;
      } catch (error) {
        errors.push(asError(error));
      }
    }
    own?.created.open(success);
    own?.ready.open(success);
  };
  await Promise.all(tasks.map(start));
  return errors;
}
