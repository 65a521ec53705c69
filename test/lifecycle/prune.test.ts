import { BatchGetImageCommand, ListImagesCommand, PutImageCommand } from '@aws-sdk/client-ecr';
import {
  DescribeTaskDefinitionCommand,
  ListTaskDefinitionsCommand,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../src/commands/connect.ts';
import type { CommandInput } from '../../src/commands/input.ts';
import { beyond } from '../../src/commands/prune.ts';
import { rollOut } from '../../src/commands/roll-out.ts';
import { rollbackTarget } from '../../src/commands/rollback-target.ts';
import type { Run } from '../../src/commands/run.ts';
import { realClock } from '../../src/engine/wait.ts';
import { type AwsStack, tinyImage } from '../helpers/aws-stack.ts';
import { useSteps } from '../steps/stage.ts';

const stage = useSteps();
const repositoryName = 'temporal-fargate/dev';
const family = 'temporal-fargate-dev_worker';

/** Nothing is shown, and Temporal is not asked: the health check of the simulated task proves it. */
function runOf(stack: AwsStack): Run {
  const io = { step: () => undefined, note: () => undefined, warn: (text: string) => Promise.reject(new Error(text)) };
  const input = { io, signal: new AbortController().signal } as unknown as CommandInput;
  const caller = 'arn:aws:sts::123456789012:assumed-role/Admin/ada';
  const polling = (look: () => unknown) => look();
  const connection = { clock: realClock, timeScale: 0.05, polling, caller, stack: 'dev' } as unknown as Connection;
  const { aws, config, session, owner } = stack;
  return { input, connection, aws, config, session, owner, client: undefined, command: 'deploy' };
}

async function deployCode(stack: AwsStack, content: string): Promise<void> {
  stack.image = tinyImage(stage.folder, content);
  await rollOut(runOf(stack), await stack.plan(), ['worker']);
}

async function revisions(status: 'ACTIVE' | 'INACTIVE'): Promise<number[]> {
  const answer = await stage.emulator.clients.ecs.send(
    new ListTaskDefinitionsCommand({ familyPrefix: family, status }),
  );
  return (answer.taskDefinitionArns ?? []).map((arn) => Number(arn.split(':').at(-1)));
}

async function images(): Promise<string[]> {
  const { imageIds } = await stage.emulator.clients.ecr.send(new ListImagesCommand({ repositoryName }));
  return (imageIds ?? []).flatMap(({ imageTag }) => imageTag ?? []).sort();
}

describe('a proven deployment makes room', () => {
  it('and leaves five revisions with their images, what other people made, and nothing that is in use', async () => {
    const stack = await stage.fresh();
    const { ecs, ecr } = stage.emulator.clients;
    await deployCode(stack, 'code-1');
    // Somebody else's: a revision of the same family with the image of the first, and a second tag on the next one.
    const { taskDefinition } = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: `${family}:1` }));
    const { containerDefinitions, ...rest } = taskDefinition ?? {};
    const { cpu, memory, networkMode, executionRoleArn, requiresCompatibilities, runtimePlatform } = rest;
    const copied = { cpu, memory, networkMode, executionRoleArn, requiresCompatibilities, runtimePlatform };
    await ecs.send(new RegisterTaskDefinitionCommand({ family, containerDefinitions, ...copied }));
    await deployCode(stack, 'code-2');
    const second = { imageTag: 'from-code-2' };
    const got = await ecr.send(new BatchGetImageCommand({ repositoryName, imageIds: [second] }));
    const imageManifest = got.images?.[0]?.imageManifest;
    await ecr.send(new PutImageCommand({ repositoryName, imageManifest, imageTag: 'kept-by-hand' }));
    for (const n of [3, 4, 5, 6, 7, 8, 9]) await deployCode(stack, `code-${n}`);

    // Revision 2 is the other people's. Of ours, 1, 3, 4 and 5 ... are older than the five before 10.
    expect(await revisions('INACTIVE')).toEqual([1, 3, 4]);
    expect(await revisions('ACTIVE')).toEqual([2, 5, 6, 7, 8, 9, 10]);
    expect(await images()).toEqual(['kept-by-hand', ...[1, 2, 4, 5, 6, 7, 8, 9].map((n) => `from-code-${n}`)].sort());

    const { history } = stack.session.document;
    expect(history.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 9 }, () => 'completed'));
    expect(history.at(-1)).toMatchObject({ worker: 'worker', command: 'deploy', by: 'assumed-role/Admin/ada' });

    const current = stack.session.document.steps['compute/task-definition/worker']?.id;
    const rollback = { aws: stack.aws, owner: stack.owner, history, worker: 'worker', current };
    expect((await rollbackTarget(rollback, undefined)).arn).toMatch(/:9$/);
    await expect(rollbackTarget(rollback, 2)).rejects.toThrow('revision 2: it was not made by this stack');
    await expect(rollbackTarget(rollback, 3)).rejects.toMatchObject({
      code: 'NO_REVISION',
      message: 'rolling worker back to revision 3: it was deregistered',
      fix: 'Choose one of 9, 8, 7, 6, 5.',
    });
  });
});

describe('of many revisions', () => {
  const arns = (...numbers: number[]) => numbers.map((n) => `arn:${n}`);

  it('those that nothing uses go, but for five, and one that never worked goes before one that did', () => {
    const active = arns(12, 11, 10, 9, 8, 7, 6, 5, 4);
    const proven = new Set(arns(12, 7, 6, 5, 4));
    expect(beyond(active, proven, new Set(arns(12)))).toEqual(arns(10, 9, 8));
    expect(beyond(active, new Set(), new Set(arns(12, 4)))).toEqual(arns(6, 5));
    expect(beyond(arns(2, 1), new Set(), new Set(arns(2)))).toEqual([]);
  });
});
