import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect } from 'vitest';
import { eventually } from '../helpers/emulator.ts';
import { buildImage, startWorker, unpackImage, type WorkerProcess } from './worker-process.ts';

/** Key that no line of any worker may hold. */
export const SECRET = 'planted-secret-8d1f';

export const AWKWARD_ACTIVITIES = fileURLToPath(new URL('awkward/activities.ts', import.meta.url));

/**
 * Worker processes from the image of the bundled worker, or from one with other activities. They live as long as the file's tests, which
 * may be concurrent, and after them the log of each is looked through.
 * @returns a function that starts one with the environment of a task definition and the given changes to it
 */
export function useWorkers(activities?: string): (changes?: Record<string, string>) => WorkerProcess {
  const scratch = mkdtempSync(join(tmpdir(), 'worker-test-'));
  const started: WorkerProcess[] = [];
  let unpacked: Awaited<ReturnType<typeof unpackImage>>;
  beforeAll(async () => {
    unpacked = await unpackImage(await buildImage(scratch, activities), join(scratch, 'root'));
  }, 300_000);
  afterAll(async () => {
    await Promise.all(started.map((worker) => worker.dispose()));
    rmSync(scratch, { recursive: true, force: true });
    for (const worker of started) expectJsonWithoutSecret(worker);
  });
  return (changes = {}) => {
    const worker = startWorker(unpacked, {
      TEMPORAL_NAMESPACE: 'default',
      TEMPORAL_TASK_QUEUE: 'test-queue',
      TEMPORAL_API_KEY: SECRET,
      TEMPORAL_TLS: 'false',
      DATA_BUCKET: 'unused',
      AWS_REGION: 'us-east-1',
      ...changes,
    });
    started.push(worker);
    return worker;
  };
}

/** What must hold for every run, however it ended: only JSON lines, at least one, and no secret. */
export function expectJsonWithoutSecret(worker: WorkerProcess): void {
  expect(worker.lines().length).toBeGreaterThan(0);
  for (const line of worker.lines()) {
    expect(line).toMatchObject({ time: expect.any(String), level: expect.any(String), message: expect.any(String) });
  }
  expect(worker.output()).not.toContain(SECRET);
}

/** Waits for a line whose message begins so. */
export function logged(worker: WorkerProcess, start: string): Promise<Record<string, unknown>> {
  return eventually(`the line "${start}"`, async () =>
    worker.lines().find(({ message }) => String(message).startsWith(start)),
  );
}
