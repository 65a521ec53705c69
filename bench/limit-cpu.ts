import { readdirSync, readFileSync } from 'node:fs';

const PERIOD_MS = 100;
const LOOK_EVERY_MS = 4;

/**
 * Holds a process to a share of one processor, as the kernel does with a task on Fargate: whoever has used its part of a
 * tenth of a second waits for the next one. Without cgroups, so that it needs neither root nor systemd: it reads the time
 * that the threads have had from /proc (Linux), and stops and continues the process by signals. What a process took
 * too much between two looks is taken off its next part.
 *
 * @param share of one processor: 0.25
 * @returns a function that ends the limit and gives the processor time used, in milliseconds
 */
export function limitCpu(pid: number, share: number): () => number {
  const startedAt = performance.now();
  const used = processorTime(pid);
  let stopped = false;
  const timer = setInterval(() => {
    const periods = Math.floor((performance.now() - startedAt) / PERIOD_MS) + 1;
    const mayRun = used() < periods * PERIOD_MS * share;
    if (mayRun === stopped) process.kill(pid, mayRun ? 'SIGCONT' : 'SIGSTOP');
    stopped = !mayRun;
  }, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
    if (stopped) process.kill(pid, 'SIGCONT');
    return used();
  };
}

/** Gives the milliseconds of processor time of all threads so far, those that have ended meanwhile included. */
function processorTime(pid: number): () => number {
  const threads = new Map<string, number>();
  return () => {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      try {
        // The first number of schedstat counts nanoseconds on a processor.
        const [nanoseconds] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
        threads.set(thread, Number(nanoseconds) / 1e6);
      } catch {
        // It has just ended; what it had at the last look stays.
      }
    }
    return [...threads.values()].reduce((sum, ms) => sum + ms, 0);
  };
}
