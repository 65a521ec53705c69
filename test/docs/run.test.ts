import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EXAMPLES } from '../../src/help.ts';
import { commitSeed, everyNth } from '../faults/sampling.ts';
import { cliEnvironment } from '../helpers/cli.ts';
import { forgetBuiltWorker } from './given.ts';
import { PAGES } from './pages.ts';
import { follow, pathWithShims } from './reader.ts';
import { NOT_RUN, SCENES, type Scene } from './scenes.ts';
import { type Block, examplesOf, typedBlocks } from './typed.ts';
import { World } from './world.ts';

/** `npm run test:docs` runs all scenes, and so does CI; `npm test` what `Scene.inNpmTest` says. */
const WHOLE = process.env.DOCS_RUN === 'whole';

const LONG = 15 * 60_000;

const READ = PAGES.filter((page) => page === 'README.md' || page.startsWith('docs/'));

const nameOf = ({ page, commands }: Scene): string => (commands ? `${page}: ${commands.join(', ')}` : page);

const blocksOf = ({ page, commands }: Scene): readonly Block[] => (commands ? examplesOf(commands) : typedBlocks(page));

const canBeRun = (line: string): boolean => NOT_RUN[line] === undefined;

/** Whether somebody types it who has no AWS account. */
const isOnSandbox = (block: Block): boolean => block.some((line) => / (?:--sandbox|sandbox )/.test(line));

/** Follows a page from its first block to its last. @returns what did not end as the page says */
async function run(scene: Scene): Promise<string[]> {
  const blocks = blocksOf(scene).filter((block) => block.some(canBeRun));
  if (blocks.length === 0) return [];
  const world = await World.start(scene.world);
  const problems: string[] = [];
  try {
    await scene.given?.(world);
    for (const block of blocks) {
      await scene.before?.[block[0] ?? '']?.(world);
      const typed = block
        .filter(canBeRun)
        .map(async (line) => ({ line: await filledIn(line, scene, world), code: scene.exits?.[line] ?? 0 }));
      const env = world.env({ account: !isOnSandbox(block) });
      problems.push(...(await follow(await Promise.all(typed), { folder: world.folder, env })));
    }
  } finally {
    await world.stop();
  }
  return problems;
}

async function filledIn(line: string, { insteadOf = {} }: Scene, world: World): Promise<string> {
  let filled = line;
  for (const [text, value] of Object.entries(insteadOf)) {
    if (line.includes(text)) filled = filled.replace(text, await value(world));
  }
  return filled;
}

function chosen(): readonly Scene[] {
  if (WHOLE) return SCENES;
  const some = SCENES.filter(({ inNpmTest }) => inNpmTest === undefined);
  return [...SCENES.filter(({ inNpmTest }) => inNpmTest === 'always'), ...everyNth(some, some.length, commitSeed())];
}

afterAll(forgetBuiltWorker);

describe('the command lines of the pages', () => {
  it.each(chosen().map((scene) => [nameOf(scene), scene] as const))(
    '%s: each does what it is there for',
    { timeout: LONG },
    async (_name, scene) => {
      expect(await run(scene)).toEqual([]);
    },
  );

  it('are not taken for done when they end otherwise than the page says', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'docs-'));
    const env = { ...cliEnvironment(), PATH: pathWithShims(folder) };
    const typed = (...lines: [line: string, code: number][]) =>
      follow(
        lines.map(([line, code]) => ({ line, code })),
        { folder, env },
      );
    expect(await typed(['npx temporal-fargate --version', 0], ['temporal-fargate inti | cat', 0], ['true', 0])).toEqual(
      [expect.stringMatching(/^ended with 64:\n\$ npx .* --version\n[\d.]+\n\n\$ .* inti \| cat\n.*unknown command/)],
    );
    expect(await typed(['false', 1])).toEqual([]);
    expect(await typed(['true', 1])).toEqual([expect.stringContaining('ended with 99')]);
    rmSync(folder, { recursive: true });
  });

  it('all have a scene, or a reason why they cannot be run, and no scene is of a line that is gone', () => {
    const pages = READ.filter((page) => typedBlocks(page).length > 0);
    expect([...new Set(SCENES.map(({ page }) => page))].sort()).toEqual(pages.sort());
    expect(SCENES.flatMap(({ commands = [] }) => commands).sort()).toEqual(Object.keys(EXAMPLES).sort());
    const lines = READ.flatMap((page) => typedBlocks(page)).flat();
    expect(Object.keys(NOT_RUN).filter((line) => !lines.includes(line))).toEqual([]);
    for (const scene of SCENES) {
      const blocks = blocksOf(scene);
      const own = blocks.flat();
      const first = blocks.map(([line]) => line);
      expect(Object.keys(scene.before ?? {}).filter((line) => !first.includes(line))).toEqual([]);
      expect(Object.keys(scene.exits ?? {}).filter((line) => !own.includes(line))).toEqual([]);
      expect(Object.keys(scene.insteadOf ?? {}).filter((text) => !own.some((line) => line.includes(text)))).toEqual([]);
    }
  });
});
