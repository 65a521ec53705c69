import { beforeAll, describe, expect, it } from 'vitest';
import { hostPlatform } from '../../src/image/platform.ts';
import { folderEntries } from '../../src/image/tar.ts';
import { countable } from '../helpers/inventory.ts';
import { type OwnImage, OwnRepository } from '../helpers/own-image.ts';
import { ensurePythonWorker, PYTHON_WORKER } from '../helpers/python-worker.ts';
import { useSandbox } from '../helpers/temporal.ts';

const sandbox = useSandbox();
const words = (text: string): string[] => text.split(' ');
const DESTROY = words('destroy --yes --purge --delete-data --delete-state-bucket --confirm dev');
const HERE = hostPlatform();
const ELSEWHERE = HERE === 'linux/amd64' ? 'linux/arm64' : 'linux/amd64';

const short = (digest = ''): string => digest.slice('sha256:'.length, 'sha256:'.length + 12);

/** The example worker; the interpreter of the tests' own environment stands in for the image's. */
async function pythonWorker(env: readonly string[] = []): Promise<OwnImage> {
  const entrypoint = [await ensurePythonWorker(), 'main.py'];
  const settings = { entrypoint, workingDir: '/app', env: ['PYTHONDONTWRITEBYTECODE=1', ...env] };
  return {
    platform: HERE,
    entries: await folderEntries(PYTHON_WORKER, 'app', (path) => path.endsWith('.py')),
    settings,
  };
}

describe('a worker in Python, from an image of the user’s in ECR', () => {
  const digestOf: Record<string, string> = {};
  let repository: OwnRepository;
  let empty: object;
  beforeAll(async () => {
    repository = new OwnRepository(sandbox.emulator.clients.ecr, 'team/python-worker');
    await repository.create();
    const other = { platform: ELSEWHERE, entries: [] } as const;
    [, digestOf.first = ''] = await repository.push('1', [other, await pythonWorker()]);
    await repository.push('elsewhere', [other]);
    const { ecr: _theirs, ...others } = countable(await sandbox.emulator.inventory());
    empty = others;
  });

  it('runs by the digest of its architecture, without a repository of the stack’s, and is proven by its identity', async () => {
    const { code, stdout, stderr } = await sandbox.run(words(`init --yes --image ${repository.uri}:1`));
    expect(code, stderr).toBe(0);
    const digest = short(digestOf.first);
    expect(stdout).toMatch(new RegExp(`Temporal reports dev/[0-9a-f]{32}/${digest} as a poller of test-queue\\.`));
    const { ecr } = await sandbox.emulator.inventory();
    expect(Object.keys(ecr?.repository ?? {})).toEqual([expect.stringContaining('repository/team/python-worker')]);
  });

  it('executes workflows', async () => {
    const { code, stdout, stderr } = await sandbox.run([...words('trigger --input'), '{"message":"hello"}']);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('Python received: hello');
  });

  it('is a change in the plan when its tag has moved, and not before', async () => {
    expect((await sandbox.run(words('plan --detailed-exitcode'))).code).toBe(0);
    [digestOf.second = ''] = await repository.push('1', [await pythonWorker(['RELEASE=2'])]);
    const planned = await sandbox.run(words('plan --detailed-exitcode'));
    expect(planned.code, planned.stderr).toBe(2);
    // The plan shows the beginnings of long values.
    const shown = (digest = ''): string => `${repository.uri}@${digest}`.slice(0, 90);
    expect(planned.stdout).toContain(`image: ${shown(digestOf.first)}`);
    expect(planned.stdout).toContain(` -> ${shown(digestOf.second)}`);
  });

  it('is rolled out by deploy, and a rollback holds although the tag says something else', async () => {
    const deployed = await sandbox.run(words('deploy'));
    expect(deployed.code, deployed.stderr).toBe(0);
    expect(deployed.stdout).toContain(short(digestOf.second));
    const back = await sandbox.run(words('rollback'));
    expect(back.code, back.stderr).toBe(0);
    expect(back.stdout).toContain(`Temporal reports dev/`);
    expect(back.stdout).toContain(`/${short(digestOf.first)} as a poller`);
    expect((await sandbox.run(words('plan --detailed-exitcode'))).code).toBe(0);
    const moved = await sandbox.run(words('deploy --image ghcr.io/ada/worker:1'));
    expect(moved).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('deploy cannot take the image of worker'),
    });
  });

  it('is refused for another architecture than the task’s, and nothing is changed', async () => {
    await sandbox.emulator.clearCalls();
    const { code, stderr } = await sandbox.run(words(`init --yes --image ${repository.uri}:elsewhere`));
    expect(code).toBe(1);
    expect(stderr).toContain(`it has no image for ${HERE}, only for ${ELSEWHERE}`);
    expect(stderr).toContain(`Build it for ${HERE}`);
    expect((await sandbox.emulator.calls()).filter(({ mutating }) => mutating)).toEqual([]);
  });

  it('is left where it was when the stack is destroyed', async () => {
    const { ecr } = await sandbox.emulator.inventory();
    const { code, stdout, stderr } = await sandbox.run(DESTROY);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^0 left$/m);
    const { ecr: theirs, ...others } = countable(await sandbox.emulator.inventory());
    expect(theirs).toEqual(ecr);
    expect(others).toEqual(empty);
  });
});
