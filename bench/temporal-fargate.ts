import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../scripts/setup.mjs';
import { API_KEY, MEMORY, type Peer, succeeded, type Work } from './peer.ts';
import { measured } from './process-tree.ts';
import type { Stage } from './stage.ts';

export const BIN = join(root, 'dist/bin.js');

const INIT = ['init', '--yes', '--verify', 'health', '--memory'] as const;

export const ARGUMENTS: Readonly<Record<Work, readonly string[]>> = {
  create: [...INIT, String(MEMORY.made)],
  plan: ['plan', '--detailed-exitcode'],
  change: [...INIT, String(MEMORY.changed)],
  destroy: [...['destroy', '--yes', '--confirm', 'dev'], ...['--purge', '--delete-data', '--delete-state-bucket']],
};

/** This program as it is published, the building and pushing of the worker's image included. */
export const temporalFargate: Peer = {
  name: 'temporal-fargate',
  version: (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version,
  prepare: async () => undefined,
  run: async (stage, work) =>
    succeeded(
      `temporal-fargate ${work}`,
      await measured([process.execPath, BIN, ...ARGUMENTS[work], '--json'], {
        env: environment(stage),
        cwd: stage.scratch,
      }),
    ),
  workCalls: ({ stdout }) => {
    const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as { result: { calls: { aws: number } } };
    return last.result.calls.aws;
  },
};

/** @param timeScale of its pauses between two looks: 1 as against AWS, since nobody can shorten Terraform's. */
export const environment = (stage: Stage, timeScale = 1): NodeJS.ProcessEnv => ({
  ...stage.env,
  // Nothing listens there, and with `--verify health` nobody asks.
  TEMPORAL_ADDRESS: '127.0.0.1:1',
  TEMPORAL_API_KEY: API_KEY,
  TEMPORAL_FARGATE_TIME_SCALE: String(timeScale),
});
