import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { CreateRepositoryCommand } from '@aws-sdk/client-ecr';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually, startTestEmulator, useEmulator } from '../helpers/emulator.ts';
import {
  createService,
  type Entry,
  isAlive,
  logLine,
  processesOf,
  pushImage,
  register,
  type Stage,
  setStage,
  taskWhere,
} from './ecs-stage.ts';

const emulator = useEmulator({ strict: ['off'], tasks: 'process' });
const repository = 'layered';
let stage: Stage;

beforeEach(async () => {
  await emulator.reset();
  stage = await setStage(emulator);
  await emulator.clients.ecr.send(new CreateRepositoryCommand({ repositoryName: repository }));
});

const list = `const { readdirSync, readFileSync, statSync } = require('fs');
  const walk = (folder) => readdirSync(folder).sort().flatMap((name) => {
    const path = folder + '/' + name;
    return statSync(path).isDirectory() ? walk(path) : [path + '=' + readFileSync(path, 'utf8')];
  });
  console.log('TREE ' + walk('data').join(' ')); setInterval(() => {}, 1000);`;

const start = async (layers: readonly (readonly Entry[])[]) => {
  const program = [{ name: 'list.js', text: list }];
  const image = await pushImage(emulator, repository, [program, ...layers], { Cmd: ['node', '/list.js'] });
  await createService(emulator, stage, 'worker', await register(emulator, stage, { image }));
};
const stoppedReason = async () =>
  (await taskWhere(emulator, 'worker', 'stopped', (task) => task.lastStatus === 'STOPPED')).stoppedReason;

describe('layers', () => {
  it('lie over each other; whiteouts remove what is below, and only that', async () => {
    const lower = ['a', 'b', 'deep/x', 'deep/y'].map((name) => ({ name: `data/${name}`, text: `lower-${name}` }));
    const upper = [
      { name: 'data/b', text: 'upper' },
      { name: 'data/.wh.a', text: '' },
      { name: 'data/deep/z', text: 'new' },
      { name: 'data/deep/.wh..wh..opq', text: '' },
    ];
    await start([lower, upper]);
    expect(await logLine(emulator, 'TREE ')).toBe('data/b=upper data/deep/z=new');
  });

  it('may have links within the image; an absolute one counts from its root', async () => {
    await start([
      [
        { name: 'data/file', text: 'content' },
        { name: 'data/absolute', type: 'symlink', linkname: '/data/file' },
        { name: '.top/link', type: 'symlink', linkname: '../data/file' },
        { name: 'data/chained', type: 'symlink', linkname: '../.top/link' },
        { name: 'data/hard', type: 'link', linkname: 'data/file' },
      ],
    ]);
    expect(await logLine(emulator, 'TREE ')).toBe(
      'data/absolute=content data/chained=content data/file=content data/hard=content',
    );
  });

  it.each<[string, Entry[]]>([
    ['an entry above the image', [{ name: '../../escaped', text: 'x' }]],
    ['a link out of the image', [{ name: 'data/out', type: 'symlink', linkname: '../../../../etc' }]],
    ['a hard link to the outside', [{ name: 'data/out', type: 'link', linkname: '../../../../etc/hostname' }]],
  ])('are refused when they have %s', async (_what, entries) => {
    await start([entries]);
    expect(await stoppedReason()).toMatch(/^CannotPullContainerError: failed to extract layer/);
  });
});

describe('the tree of a task', () => {
  it('is its own: what one task writes no other sees, and it goes with the task', async () => {
    const text = `require('fs').writeFileSync('mark-' + process.pid, 'x');
      console.log('TREE ' + require('fs').readdirSync('.').length); setInterval(() => {}, 1000);`;
    const image = await pushImage(emulator, repository, [[{ name: 'main.js', text }]], { Cmd: ['node', 'main.js'] });
    await createService(emulator, stage, 'worker', await register(emulator, stage, { image }), { desiredCount: 2 });
    const processes = await eventually('two processes', async () => {
      const found = await processesOf(emulator);
      return found.length === 2 && found.every(({ cwd }) => readdirSync(cwd).length === 2) && found;
    });
    expect(new Set(processes.map(({ cwd }) => cwd)).size).toBe(2);
    await emulator.reset();
    const left = () => processes.filter(({ cwd }) => existsSync(cwd));
    expect(await eventually('trees gone', async () => left().length === 0)).toBe(true);
  });
});

describe('an emulator that is killed', () => {
  it.runIf(process.platform === 'linux')('takes its tasks along', async () => {
    const { emulator: own, stop } = await startTestEmulator({ strict: ['off'], tasks: 'process' });
    try {
      const ownStage = await setStage(own);
      await createService(own, ownStage, 'worker', await register(own, ownStage, { command: ['node', 'stubborn.js'] }));
      await logLine(own, 'up');
      const pid = (await processesOf(own))[0]?.pid ?? 0;
      const parent = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
      process.kill(parent, 'SIGKILL');
      expect(await eventually('task gone', async () => !isAlive(pid))).toBe(true);
    } finally {
      await stop();
    }
  });
});
