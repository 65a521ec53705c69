import { readFileSync } from 'node:fs';
import type { RegisterTaskDefinitionCommandInput } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { infrastructure } from '../../src/steps/index.ts';
import { referenceConfig } from '../helpers/aws-stack.ts';

const page = readFileSync(new URL('../../docs/worker-contract.md', import.meta.url), 'utf8');

/** Rows of the page's tables: the variable, and where it comes from. */
const rows = page
  .split('\n')
  .flatMap((line) => [...line.matchAll(/^\| `([A-Z_0-9]+)` \| ([^|]+) \|/g)].map(([, name, from]) => [name, from]));
const documented = (from: string): (string | undefined)[] =>
  rows.flatMap((row) => (row[1] === from ? [row[0]] : [])).sort();

/** What a task would be given with these answers; what it is made of need not exist for that. */
function containerOf(changes: Record<string, string | number | boolean>) {
  const config = referenceConfig(changes);
  const step = infrastructure(config).find(({ id }) => id === 'compute/task-definition/worker');
  const live = { id: 'id', tags: {}, arn: 'arn', uri: 'uri', currentVersion: 'v' };
  const from = { repository: live, image: live, executionRole: live, logGroup: live, dataBucket: live, secret: live };
  const want = step?.want(config, from) as { input: RegisterTaskDefinitionCommandInput } | undefined;
  const [container] = want?.input.containerDefinitions ?? [];
  if (!container) throw new Error('no container');
  return container;
}

const CONTAINERS = [
  containerOf({ temporalAuth: 'api-key', temporalTls: true }),
  containerOf({ temporalAuth: 'mtls', temporalTls: true, temporalTlsServerName: 'x', temporalTlsServerCaCert: 'x' }),
];
const names = (of: 'environment' | 'secrets'): (string | undefined)[] =>
  [...new Set(CONTAINERS.flatMap((container) => (container[of] ?? []).map(({ name }) => name)))].sort();

describe('docs/worker-contract.md', () => {
  it('names every variable of a task definition, and no other', () => {
    expect(documented('environment')).toEqual(names('environment'));
    expect(documented('secret')).toEqual(names('secrets'));
    expect(rows).toHaveLength(names('environment').length + names('secrets').length + documented('Fargate').length);
  });

  it('says what else the task definition asks of a worker', () => {
    for (const {
      user,
      healthCheck,
      stopTimeout,
      logConfiguration,
      linuxParameters,
      readonlyRootFilesystem,
    } of CONTAINERS) {
      expect(user).toBe('1000:1000');
      expect(page).toContain('Runs as user 1000, group 1000');
      const [, file = 'none'] = /TMPDIR:-\/tmp}\/([\w-]+)/.exec(healthCheck?.command?.[1] ?? '') ?? [];
      expect(page).toContain(`touching the file \`${file}\` in \`TMPDIR\`, else \`/tmp\``);
      expect(page).toContain(`looks every ${healthCheck?.interval} seconds`);
      expect(page).toContain(`the first ${healthCheck?.startPeriod} seconds do not count`);
      expect(healthCheck).toMatchObject({ retries: 3 });
      expect(page).toContain(`(${stopTimeout} seconds, \`--stop-timeout\`)`);
      expect(page).toContain(`beyond ${logConfiguration?.options?.['max-buffer-size']?.replace('m', ' MB')}, is lost`);
      expect(linuxParameters).toEqual({ initProcessEnabled: true });
      expect(readonlyRootFilesystem).toBeUndefined();
    }
  });
});
