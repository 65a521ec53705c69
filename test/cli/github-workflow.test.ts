import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { leanBin } from '../helpers/cli.ts';
import { CI, useGithubStage } from './github-stage.ts';

const stage = useGithubStage();
beforeAll(async () => {
  expect((await stage.runThere(CI)).code).toBe(0);
});

/** The `run` scripts of a job, in their order, as the runner has them. */
function scriptsOf(job: string): string[] {
  const text = readFileSync(stage.workflow, 'utf8');
  const body = text.slice(text.indexOf(`\n  ${job}:\n`)).split(/\n {2}\w+:\n/)[1] ?? '';
  return [...body.matchAll(/ {8}run: \|\n((?: {10}.*\n)+)/g)].map(([, script]) =>
    (script ?? '').replaceAll(/^ {10}/gm, ''),
  );
}

describe('the workflow, its steps run as a runner would, with stand-ins for npx (the registry) and gh (GitHub)', () => {
  const bin = join(stage.folder, 'bin');
  const temp = join(stage.folder, 'runner-temp');
  const summary = join(stage.folder, 'summary.md');
  const comments = join(stage.folder, 'comments');

  beforeAll(() => {
    const script = (name: string, body: string): void => {
      writeFileSync(join(bin, name), `#!/usr/bin/env bash\n${body}\n`);
      chmodSync(join(bin, name), 0o755);
    };
    mkdirSync(bin);
    mkdirSync(temp);
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    script(
      'npx',
      `[ "$1 $2" = "--yes temporal-fargate@${version}" ] || exit 9\nshift 2\nexec ${process.execPath} ${leanBin()} "$@"`,
    );
    // What was commented before is comment 11.
    script('gh', `if [ "$2" = --paginate ] && [ -e ${comments} ]; then echo 11; fi\necho "$@" >> ${comments}`);
  });

  /** @param outcome of the step that is reported, as GitHub has it */
  const ended = (outcome: 'success' | 'failure' | 'skipped'): Record<string, string> => ({ OUTCOME: outcome });
  const step = (script: string, cwd: string, env: Readonly<Record<string, string>> = {}) =>
    spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], {
      cwd,
      encoding: 'utf8',
      env: {
        ...stage.env({ TEMPORAL_API_KEY: undefined, TEMPORAL_ADDRESS: undefined }),
        PATH: `${bin}:${process.env.PATH}`,
        RUNNER_TEMP: temp,
        GITHUB_WORKSPACE: stage.folder,
        GITHUB_REPOSITORY: 'acme/orders',
        GITHUB_STEP_SUMMARY: summary,
        PULL_REQUEST: '7',
        ...env,
      },
    });

  it('shows the plan of a pull request as a comment and in the summary, and locks nothing', async () => {
    const [plan = '', show = '', ...more] = scriptsOf('plan');
    expect(more).toEqual([]);
    const keys = await stage.asRole('plan');
    await stage.emulator.clearCalls();
    const planned = step(plan, temp, keys);
    expect(planned.status, planned.stderr).toBe(0);
    expect((await stage.emulator.calls()).filter(({ mutating }) => mutating)).toEqual([]);
    expect(step(show, temp, ended('success')).status).toBe(0);
    expect(readFileSync(summary, 'utf8')).toContain('Nothing to do: everything is as configured.');
    expect(step(show, temp, ended('success')).status).toBe(0);
    const said = readFileSync(comments, 'utf8').trim().split('\n');
    expect(said.filter((line) => !line.includes('--paginate'))).toEqual([
      'pr comment 7 --repo acme/orders --body-file plan.md',
      'api --silent --method PATCH repos/acme/orders/issues/comments/11 --field body=@plan.md',
    ]);
    // Another stack has a comment of its own.
    expect(said[0]).toContain('startswith("### Plan of stack dev\\n")');
  });

  it('comments as well when the plan fails, with its report, and when the job did not come to it', async () => {
    const [plan = '', show = ''] = scriptsOf('plan');
    await stage.emulator.fault({ kind: 'error', match: { service: 'sts' }, status: 403, code: 'AccessDenied' });
    const planned = step(plan, temp);
    expect(planned.status).toBe(1);
    expect(planned.stdout).toContain('✖');
    const comment = (outcome: 'failure' | 'skipped'): string => {
      rmSync(comments);
      const { status, stderr } = step(show, temp, ended(outcome));
      expect(status, stderr).toBe(0);
      expect(readFileSync(comments, 'utf8')).toContain('pr comment 7 ');
      return readFileSync(join(temp, 'plan.md'), 'utf8');
    };
    expect(comment('failure')).toMatch(/^### Plan of stack dev\n```\n(.*\n)*✖ .*AccessDenied(.*\n)+```\n$/);
    for (const file of ['plan.txt', 'story.txt']) rmSync(join(temp, file));
    expect(comment('skipped')).toContain(
      'an earlier step of the job has failed, such as getting the credentials of AWS',
    );
  });

  it('deploys a push without a key of Temporal, and says in the summary how it went', async () => {
    const [deploy = '', say = '', ...more] = scriptsOf('deploy');
    expect(more).toEqual([]);
    const deployed = step(deploy, stage.folder, await stage.asRole('deploy'));
    expect(deployed.status, deployed.stdout).toBe(0);
    rmSync(summary);
    expect(step(say, stage.folder, ended('success')).status).toBe(0);
    expect(readFileSync(summary, 'utf8')).toMatch(/^### Deployment of stack dev\n```\n(.*\n)+```\n$/);
  });

  it('fails, and shows the report, when the deployment does', async () => {
    const [deploy = '', say = ''] = scriptsOf('deploy');
    await stage.emulator.fault({ kind: 'error', match: { service: 'sts' }, status: 403, code: 'AccessDenied' });
    expect(step(deploy, stage.folder).status).toBe(1);
    rmSync(summary);
    expect(step(say, stage.folder, ended('failure')).status).toBe(0);
    expect(readFileSync(summary, 'utf8')).toContain('✖');
    rmSync(join(temp, 'deploy.txt'));
    expect(step(say, stage.folder, ended('skipped')).status).toBe(0);
    expect(readFileSync(summary, 'utf8')).toContain('an earlier step of the job has failed');
  });

  it('reads the outcome of the very step that it reports', () => {
    const text = readFileSync(stage.workflow, 'utf8');
    for (const id of ['plan', 'deploy']) {
      expect(text).toContain(`\n        id: ${id}\n`);
      expect(text).toContain(`OUTCOME: \${{ steps.${id}.outcome }}\n`);
    }
  });

  it('names every action of others by a commit', () => {
    const uses = [...readFileSync(stage.workflow, 'utf8').matchAll(/uses: (.*)/g)].map(([, action]) => action);
    expect(uses.length).toBeGreaterThan(4);
    for (const action of uses) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });
});
