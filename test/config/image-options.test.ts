import { describe, expect, it } from 'vitest';
import { gather } from '../../src/config/answers.ts';
import type { Answers } from '../../src/config/option.ts';
import { toStackConfig } from '../../src/config/stack-config.ts';
import { workerAnswers } from '../../src/config/worker-config.ts';

const REST: Answers = { temporalAddress: '10.1.2.3:7233', temporalNamespace: 'orders', temporalAuth: 'none' };
const IMAGE = 'ghcr.io/ada/worker:1.4';

/** What the worker is made from, by flags and what an earlier run has left in the state. */
async function madeFrom(flags: Answers, before: Answers = {}) {
  const answers = await gather({
    ...{ stage: 'what', given: { stack: 'dev', region: 'us-east-1' }, known: { zones: ['us-east-1a', 'us-east-1b'] } },
    ...{ stored: [], fallback: {}, echo: () => undefined },
    sources: { flags: { ...REST, ...flags }, env: {}, file: {}, state: before },
  });
  const [worker] = toStackConfig(answers, { accountId: '123456789012', partition: 'aws' }).workers;
  if (!worker) throw new Error('no worker');
  const { source, image, docker, baseImage } = worker;
  return { answers: workerAnswers(worker), from: { source, image, docker, baseImage }, dir: answers.workerDir };
}

const state = async (flags: Answers): Promise<Answers> => (await madeFrom(flags)).answers;

describe('what a worker is made from', () => {
  it.each<[string, Answers, object]>([
    ['nothing said', {}, {}],
    ['--image', { image: IMAGE }, { source: 'image', image: IMAGE }],
    ['--worker-dir', { workerDir: 'w' }, { source: 'folder' }],
    ['--worker-dir --docker', { workerDir: 'w', docker: true }, { source: 'folder', docker: true }],
  ])('is clear with %s, and a run that says nothing leaves it so', async (_flags, flags, expected) => {
    const first = await madeFrom(flags);
    expect(JSON.parse(JSON.stringify(first.from))).toEqual(expected);
    expect((await madeFrom({}, first.answers)).from).toEqual(first.from);
  });

  it('is what the newest run says, whatever an earlier one has said', async () => {
    const [image, folder, docker] = [{ image: IMAGE }, { workerDir: 'w' }, { workerDir: 'w', docker: true }];
    const other = { image: 'ghcr.io/ada/worker:1.5' };
    for (const before of [image, folder, docker]) {
      expect((await madeFrom(other, await state(before))).from).toMatchObject({ source: 'image', ...other });
      const none = { source: undefined, image: undefined, docker: undefined };
      expect((await madeFrom({ workerSource: 'bundled' }, await state(before))).from).toMatchObject(none);
    }
    expect((await madeFrom(folder, await state(image))).from).toMatchObject({ source: 'folder', image: undefined });
    expect((await madeFrom(image, await state({ baseImage: 'node:22-slim' }))).from.baseImage).toBeUndefined();
  });

  it.each<[Answers, RegExp]>([
    [{ image: IMAGE, workerDir: 'w' }, /--worker-dir: it has no use/],
    [{ image: IMAGE, baseImage: 'node:22-slim' }, /--base-image: it has no use/],
    [{ image: IMAGE, workerSource: 'bundled' }, /--worker-source: it is bundled, and --image names an image/],
    [{ image: IMAGE, docker: true }, /--docker: it has no use/],
    [{ workerDir: 'w', docker: true, baseImage: 'node:22-slim' }, /--base-image: it has no use/],
    [{ workerDir: 'w', workerSource: 'bundled' }, /--worker-source: it is bundled, and --worker-dir names a folder/],
    [{ workerSource: 'image' }, /--image: the worker is an image, and nothing says which/],
    [{ docker: true }, /--docker: Docker builds the folder of --worker-dir, and this worker has none/],
    [{ image: 'Not An Image' }, /--image: "Not An Image" names no image/],
  ])('is refused where answers contradict each other: %j', async (flags, reason) => {
    await expect(madeFrom(flags)).rejects.toThrow(reason);
  });
});
