import { readdirSync, readFileSync } from 'node:fs';

/** What everybody on this machine may see of one process, and what its own user may. */
export interface SeenProcess {
  readonly pid: number;
  readonly arguments: Buffer;
  readonly environment: Buffer;
}

/** The processes that have this text in their environment, which children inherit. Linux only. */
export function processesWith(marker: string): SeenProcess[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid)) return [];
    try {
      const environment = readFileSync(`/proc/${pid}/environ`);
      return environment.includes(marker)
        ? [{ pid, arguments: readFileSync(`/proc/${pid}/cmdline`), environment }]
        : [];
    } catch {
      // It has ended meanwhile, or is somebody else's.
      return [];
    }
  });
}

/** Looks at them again and again until it is told to stop; what was seen of a process first stays. */
export function watchProcesses(marker: string): () => SeenProcess[] {
  const seen = new Map<number, SeenProcess>();
  const look = (): void => {
    for (const one of processesWith(marker)) if (!seen.has(one.pid)) seen.set(one.pid, one);
  };
  const timer = setInterval(look, 100);
  return () => {
    clearInterval(timer);
    return [...seen.values()];
  };
}
