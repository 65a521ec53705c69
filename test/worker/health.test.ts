import { existsSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchWorker } from '../../worker/health.ts';
import { healthCheck } from './worker-process.ts';

type State = ReturnType<Parameters<typeof watchWorker>[0]['getState']>;

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'health-'));
  file = join(folder, 'worker-alive');
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

function watch(state: State) {
  const worker = { state, getState: () => worker.state };
  const onFailed = vi.fn();
  return { worker, onFailed, end: watchWorker(worker, { onFailed, file }) };
}

describe('the health file', () => {
  it.each<State>(['RUNNING', 'STOPPING', 'DRAINING'])('is touched while the worker is %s', (state) => {
    watch(state);
    expect(existsSync(file)).toBe(false);
    vi.advanceTimersByTime(2_000);
    expect(existsSync(file)).toBe(true);
    utimesSync(file, 1, 1);
    vi.advanceTimersByTime(2_000);
    expect(statSync(file).mtimeMs).toBeGreaterThan(1_000);
  });

  it.each<State>(['INITIALIZED', 'DRAINED', 'STOPPED', 'FAILED'])('is not made while the worker is %s', (state) => {
    watch(state);
    vi.advanceTimersByTime(10_000);
    expect(existsSync(file)).toBe(false);
  });

  it('of an earlier life of the container does not count', () => {
    writeFileSync(file, '');
    watch('INITIALIZED');
    expect(existsSync(file)).toBe(false);
  });

  it('is left alone when the watch has ended', () => {
    watch('RUNNING').end();
    vi.advanceTimersByTime(10_000);
    expect(existsSync(file)).toBe(false);
  });
});

describe('the command of the container’s health check', () => {
  it('fails without the file, passes with a fresh one, fails with one of half a minute ago', () => {
    expect(healthCheck(folder)).toBe(1);
    writeFileSync(file, '');
    expect(healthCheck(folder)).toBe(0);
    const old = Date.now() / 1000 - 31;
    utimesSync(file, old, old);
    expect(healthCheck(folder)).toBe(1);
  });
});

describe('the watchdog', () => {
  it('speaks up when a running worker turns FAILED, for which run() may never settle', () => {
    const { worker, onFailed } = watch('RUNNING');
    vi.advanceTimersByTime(4_000);
    expect(onFailed).not.toHaveBeenCalled();
    worker.state = 'FAILED';
    vi.advanceTimersByTime(2_000);
    expect(onFailed).toHaveBeenCalledOnce();
  });
});
