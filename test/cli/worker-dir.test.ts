import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListImagesCommand } from '@aws-sdk/client-ecr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal, INIT, useCliStage } from './stage.ts';

const stage = useCliStage();
const { emulator } = stage;
const images = async (): Promise<number> => {
  const { imageIds = [] } = await emulator.clients.ecr.send(
    new ListImagesCommand({ repositoryName: 'temporal-fargate/dev' }),
  );
  return imageIds.length;
};

describe("a worker of the user's", () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'orders-'));
    const scripts = {
      build: "node -e \"fs.mkdirSync('dist',{recursive:true});fs.copyFileSync('main.ts','dist/main.js')\"",
    };
    const manifest = { name: 'orders', version: '1.0.0', main: 'dist/main.js', files: ['dist'], scripts };
    const lock = { lockfileVersion: 3, packages: { '': { name: 'orders', version: '1.0.0' } } };
    writeFileSync(join(dir, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(dir, 'package-lock.json'), JSON.stringify(lock));
    writeFileSync(join(dir, 'main.ts'), '// one');
    mkdirSync(join(dir, 'node_modules'));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it('is deployed, stays in runs that do not know its folder, and changes when a source does', async () => {
    const made = await stage.run([...INIT, '--worker-dir', dir]);
    expect(made.stderr).toContain('building orders');
    expect(made).toMatchObject({ code: 0 });
    expect(await images()).toBe(1);

    expect((await stage.run([...INIT])).stdout).toContain('Nothing was changed.');
    expect((await stage.run([...INIT, '--worker-dir', dir])).stdout).toContain('Nothing was changed.');

    writeFileSync(join(dir, 'main.ts'), '// two');
    const planned = await stage.run(['plan', '--worker-dir', dir]);
    expect(planned.stdout).toMatch(/~ worker image .*\n {6}madeFrom: from-\w+ -> from-\w+\n/);
    expect(await stage.run([...INIT, '--worker-dir', dir])).toMatchObject({ code: 0 });
    expect(await images()).toBe(2);

    const back = await stage.run(['plan', '--worker-source', 'bundled']);
    expect(back.stdout).toContain('~ worker image');
  });

  it('is refused with the reason when it is none, before anything is made', async () => {
    await emulator.reset();
    expectRefusal(expect, await stage.run([...INIT, '--worker-dir', tmpdir()]), {
      code: 64,
      says: `--worker-dir ${tmpdir()}: it has no package.json`,
      fix: 'Name the folder of a Node package.',
    });
    expectRefusal(expect, await stage.run([...INIT, '--worker-source', 'folder']), {
      code: 64,
      says: 'nothing says where its folder is',
      fix: 'Give --worker-dir',
    });
    expectRefusal(expect, await stage.run([...INIT, '--worker-dir', dir, '--worker-source', 'bundled']), {
      code: 64,
      says: '--worker-source: it is bundled, and --worker-dir names a folder',
      fix: 'Change the answers',
    });
    expect(await stage.changes()).toEqual([]);
  });
});
