import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import { API_KEY, expectRefusal, INIT, useCliStage } from './stage.ts';

const stage = useCliStage({ strict: ['off'] });

describe('init with a secret that is there already', () => {
  it('asks for no key, tells none, and asks before the own secret goes', async () => {
    const { clients } = stage.emulator;
    const SecretString = JSON.stringify({ TEMPORAL_API_KEY: 'planted-key-0c1d' });
    const { ARN = '' } = await clients.secrets.send(new CreateSecretCommand({ Name: 'team/temporal', SecretString }));
    const own = await stage.run(INIT, { TEMPORAL_API_KEY: API_KEY });
    expect(own.code).toBe(0);

    const switching = [...INIT, '--secret-arn', ARN];
    const withoutKey = { TEMPORAL_API_KEY: undefined };
    expectRefusal(expect, await stage.run(switching, withoutKey), {
      code: 64,
      says: 'the plan replaces or deletes secret with the Temporal credentials',
      fix: '--allow-replace',
    });
    const switched = await stage.run([...switching, '--allow-replace', '--debug'], withoutKey);
    expect(switched.code).toBe(0);
    expect(switched.stderr).toContain(`Secret that holds the credentials already: ${ARN} (--secret-arn)`);

    const again = await stage.run(['plan', '--detailed-exitcode'], withoutKey);
    expect(again.code).toBe(0);
    const state = await stage.run(['state', 'show', '--json']);
    expect(state.stdout).toContain(ARN);
    for (const { stdout, stderr } of [own, switched, again, state]) {
      expect(stdout + stderr).not.toMatch(/planted-key/);
    }
  });
});
