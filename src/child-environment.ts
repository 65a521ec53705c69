/** The credentials for Temporal, by the names that its own tools and SDKs read. */
const TEMPORAL_SECRETS = /^TEMPORAL_(API_KEY|TLS_CLIENT_(CERT|KEY)_DATA)$/;

/** What is secret of AWS credentials. Source: AWS SDKs and Tools Reference Guide, "Environment variables list". */
const AWS_SECRETS =
  /^AWS_(SECRET_ACCESS_KEY|SESSION_TOKEN|SECURITY_TOKEN|CONTAINER_AUTHORIZATION_TOKEN|BEARER_TOKEN_\w+)$/;

/**
 * The environment for children of this program other than the worker: no secret that they have no use for. Everybody who
 * may look at their process can read it, and so can the scripts of packages.
 *
 * @param aws whether it may act in AWS for the person who runs this
 */
export function childEnvironment(
  { aws = false }: { readonly aws?: boolean } = {},
  env: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !TEMPORAL_SECRETS.test(name) && (aws || !AWS_SECRETS.test(name)));
  return Object.fromEntries(kept);
}
