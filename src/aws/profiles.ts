import { loadSharedConfigFiles } from '@smithy/core/config';

export interface Profile {
  readonly name: string;
  /** Where its credentials come from: "SSO account 123456789012, role admin", "role arn:…", or nothing special. */
  readonly origin: string | undefined;
}

/** The profiles of the shared AWS files (AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name others), by name. */
export async function sharedProfiles(): Promise<Profile[]> {
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  // Sections of other kinds keep their kind in their name.
  const names = Object.keys(configFile).filter((name) => !/^(sso-session|services)\./.test(name));
  return [...new Set([...names, ...Object.keys(credentialsFile)])]
    .sort()
    .map((name) => ({ name, origin: originOf({ ...credentialsFile[name], ...configFile[name] }) }));
}

function originOf(settings: Readonly<Record<string, string | undefined>>): string | undefined {
  const { sso_account_id: account, sso_role_name: role, role_arn: assumed } = settings;
  if (assumed !== undefined) return `role ${assumed}`;
  return account === undefined ? undefined : `SSO, account ${account}${role === undefined ? '' : `, role ${role}`}`;
}
