import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sharedProfiles } from '../../src/aws/profiles.ts';

const folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-profiles-'));
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function files(config: string, credentials: string): void {
  writeFileSync(join(folder, 'config'), config);
  writeFileSync(join(folder, 'credentials'), credentials);
  vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'credentials'));
}

describe('the profiles of the shared AWS files', () => {
  it('are offered by name, with what tells them apart, and without sections of other kinds or a key', async () => {
    files(
      [
        '[default]\nregion = eu-west-1',
        '[profile work]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = admin',
        '[profile deploy]\nrole_arn = arn:aws:iam::210987654321:role/deploy\nsource_profile = default',
        '[sso-session corp]\nsso_start_url = https://example.awsapps.com/start',
        '[services local]\ns3 =\n  endpoint_url = http://127.0.0.1:1',
      ].join('\n'),
      '[default]\naws_access_key_id = a\naws_secret_access_key = planted-secret\n[old]\naws_access_key_id = b',
    );
    const profiles = await sharedProfiles();
    expect(profiles).toEqual([
      { name: 'default', origin: undefined },
      { name: 'deploy', origin: 'role arn:aws:iam::210987654321:role/deploy' },
      { name: 'old', origin: undefined },
      { name: 'work', origin: 'SSO, account 123456789012, role admin' },
    ]);
    expect(JSON.stringify(profiles)).not.toContain('planted-secret');
  });
});
