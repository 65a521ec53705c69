/** How much of itself a worker in a task may use, and how much it takes on at once. */
export interface TaskSizes {
  /** MiB of V8's old space, for each of the worker's two threads: workflows run in one, activities in the other. */
  readonly heap: number;
  /** Workflows that stay in memory between their tasks; others are replayed from their history. */
  readonly cachedWorkflows: number;
  readonly workflowTaskSlots: number;
  /** Of activities, and as many of local activities. */
  readonly activitySlots: number;
}

/** Mebibytes that a polling worker has outside of V8's heap: Node, the native core, code (153 MB in all, measured). */
const NATIVE = 140;
/** Share of the memory that stays for what grows with the load: buffers, payloads, stacks. */
const GROWS = 0.1;
/** What Temporal's documentation gives V8 of a container's memory. */
const LARGEST_HEAP = 0.8;
/** The SDK counts on 600 cached workflows for each GiB of heap, after its own needs. */
const WORKFLOWS_PER_MEBIBYTE = 600 / 1024;
const SDK_HEAP = 150;
/** MiB: Node itself never asks for a larger heap; to collect the garbage of one takes longer than workflows can wait. */
const LARGEST_CACHE_HEAP = 4096;
/** The SDK's numbers of slots, which suit one processor. */
const SLOTS = { workflowTasks: 40, activities: 100 };

/**
 * Everything that follows from the size of a task. V8 is told, because what it sees of the task's memory by itself depends
 * on its version and on the container; the SDK looks at the heap alone, and gives a quarter of a processor as many slots as
 * a whole one.
 *
 * Sources: the SDK 1.24's own numbers (`worker-options.ts`: 40 and 100 slots, 600 workflows a GiB), its `lambda-worker` for
 * small machines (10 workflow tasks), Temporal's "Worker performance" (80 % of memory for the heap; more than one
 * processor is of no use to JavaScript, which has one thread for workflows and one for activities).
 *
 * @param cpu units: 1024 is one vCPU
 * @param memory MiB
 */
export function taskSizes(cpu: number, memory: number): TaskSizes {
  const heap = Math.floor(Math.min(memory * LARGEST_HEAP, memory * (1 - GROWS) - NATIVE));
  const share = Math.min(1, cpu / 1024);
  return {
    heap,
    cachedWorkflows: Math.floor((Math.min(heap, LARGEST_CACHE_HEAP) - SDK_HEAP) * WORKFLOWS_PER_MEBIBYTE),
    workflowTaskSlots: SLOTS.workflowTasks * share,
    activitySlots: SLOTS.activities * share,
  };
}

/** The same in the variables that Node and the worker read; see docs/worker-contract.md. */
export function sizeEnvironment({ cpu, memory }: { readonly cpu: number; readonly memory: number }) {
  const { heap, cachedWorkflows, workflowTaskSlots, activitySlots } = taskSizes(cpu, memory);
  return {
    NODE_OPTIONS: `--max-old-space-size=${heap}`,
    TEMPORAL_FARGATE_CACHED_WORKFLOWS: String(cachedWorkflows),
    TEMPORAL_FARGATE_WORKFLOW_TASK_SLOTS: String(workflowTaskSlots),
    TEMPORAL_FARGATE_ACTIVITY_SLOTS: String(activitySlots),
  };
}
