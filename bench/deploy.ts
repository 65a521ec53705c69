import { appendFileSync, cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { succeeded } from './peer.ts';
import { type Finished, measured } from './process-tree.ts';
import type { Findings } from './report.ts';
import type { Settings } from './settings.ts';
import { type Stage, startStage } from './stage.ts';
import { ARGUMENTS, BIN, environment } from './temporal-fargate.ts';

const DEPLOY = ['deploy', '--yes', '--verify', 'health', '--json'] as const;

/** What `deploy --json` tells of its one worker; times in milliseconds. */
interface Told {
  readonly workers: readonly [
    {
      readonly pushedBytes?: number;
      readonly buildMs?: number;
      readonly pushMs?: number;
      readonly registerMs?: number;
      readonly deploymentMs?: number;
    },
  ];
}

interface Deployment extends Finished {
  readonly what: string;
  readonly calls: number;
  readonly told: Told;
}

/** What a change of code alone costs, and a deployment with nothing to deploy. */
export async function deploy({ note }: Settings): Promise<Findings> {
  const stage = await startStage();
  try {
    note('deploy: a stack, a change of its code, and the same again');
    // A copy, so that its worker can be changed.
    const copy = join(stage.scratch, 'dist');
    cpSync(dirname(BIN), copy, { recursive: true });
    await once(stage, copy, ARGUMENTS.create);
    appendFileSync(join(copy, 'worker/dist/main.js'), '\n// changed\n');
    const deployments = [
      await deployment(stage, copy, 'a change of code'),
      await deployment(stage, copy, 'nothing changed'),
    ];
    const seconds = (ms: number | undefined): string => (ms === undefined ? '-' : (ms / 1000).toFixed(1));
    return {
      title: 'Deployment of code',
      notes: [
        'Of the bundled worker; the dependencies, which did not change, are a layer of their own. `-`: not done.',
      ],
      tables: [
        {
          title: '`deploy`',
          head: [
            'after',
            'pushed KB',
            'calls',
            'build s',
            'push s',
            'register s',
            'roll out s',
            'whole s',
            'processor s',
          ],
          rows: deployments.map(({ what, calls, told, seconds: whole, cpuSeconds }) => {
            const [{ pushedBytes, buildMs, pushMs, registerMs, deploymentMs }] = told.workers;
            return [
              what,
              pushedBytes === undefined ? '-' : (pushedBytes / 1000).toFixed(0),
              String(calls),
              ...[buildMs, pushMs, registerMs, deploymentMs].map(seconds),
              whole.toFixed(1),
              cpuSeconds.toFixed(1),
            ];
          }),
        },
      ],
      goals: [],
      data: deployments,
    };
  } finally {
    await stage.stop();
  }
}

async function once(stage: Stage, copy: string, args: readonly string[]): Promise<Finished> {
  const options = { env: environment(stage), cwd: stage.scratch };
  return succeeded(args[0] ?? '', await measured([process.execPath, join(copy, 'bin.js'), ...args], options));
}

async function deployment(stage: Stage, copy: string, what: string): Promise<Deployment> {
  await stage.clearCalls();
  const finished = await once(stage, copy, DEPLOY);
  const { result } = JSON.parse(finished.stdout.trimEnd().split('\n').at(-1) ?? '') as { result: Told };
  return { ...finished, what, calls: (await stage.calls()).length, told: result };
}
