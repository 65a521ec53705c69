import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions, TLSConfig } from '@temporalio/worker';
import { parseAddress } from './address.ts';
import { apiKeyProblem, caCertificateProblem, clientCertificateProblem, clientKeyProblem } from './credentials.ts';

/**
 * Reads Temporal's official connection variables (TEMPORAL_ADDRESS, TEMPORAL_API_KEY, TEMPORAL_TLS and its family), and
 * TEMPORAL_SERVER_ENDPOINT with TEMPORAL_SERVER_PORT, which tutorials for ECS use. What is wrong is added to `problems`
 * in words that never hold a value of a secret.
 */
export function readConnection(env: Record<string, string>, problems: string[]): NativeConnectionOptions {
  const known = problems.length;
  const { host, address } = readAddress(env, problems);

  // envconfig takes any other word for "off" and would then send the API key in clear.
  if (!['1', '0', 'true', 'false', undefined].includes(env.TEMPORAL_TLS)) {
    problems.push(`TEMPORAL_TLS is "${env.TEMPORAL_TLS}"; it must be one of 1, 0, true, false`);
  }
  const tlsIsOff = ['0', 'false'].includes(env.TEMPORAL_TLS ?? '');
  if (tlsIsOff && env.TEMPORAL_API_KEY && !isLoopback(host)) {
    problems.push('TEMPORAL_TLS is off, but TEMPORAL_API_KEY may only travel over TLS (or to this host itself)');
  }
  const partsOfTls = Object.keys(env).filter((name) => name.startsWith('TEMPORAL_TLS_'));
  if (tlsIsOff && partsOfTls.length > 0) problems.push(`TEMPORAL_TLS is off, but ${partsOfTls.join(' and ')} is set`);
  // A line end at the end is how secrets get pasted; anything else that a header cannot carry is a mistake.
  const apiKey = env.TEMPORAL_API_KEY?.trim();
  const keyProblem = apiKey && apiKeyProblem(apiKey);
  if (keyProblem) problems.push(`TEMPORAL_API_KEY ${keyProblem}`);
  if (problems.length > known) return {};

  try {
    const overrideEnvVars = { ...env, TEMPORAL_ADDRESS: address, ...(apiKey && { TEMPORAL_API_KEY: apiKey }) };
    const { connectionOptions } = loadClientConnectConfig({ disableFile: true, overrideEnvVars });
    if (typeof connectionOptions.tls === 'object' && connectionOptions.tls !== null) {
      checkCertificates(env, connectionOptions.tls, problems);
    }
    return connectionOptions;
  } catch (error) {
    // A certificate file that cannot be read, or both _DATA and _PATH: envconfig names the variable or the path.
    problems.push(`the TEMPORAL_TLS_ variables: ${error instanceof Error ? error.message : String(error)}`);
    return {};
  }
}

function readAddress(env: Record<string, string>, problems: string[]): { host: string; address: string } {
  const variable = env.TEMPORAL_ADDRESS ? 'TEMPORAL_ADDRESS' : 'TEMPORAL_SERVER_ENDPOINT';
  const value = env[variable]?.trim();
  if (!value) {
    problems.push('TEMPORAL_ADDRESS is not set');
    return { host: '', address: '' };
  }
  const defaultPort = variable === 'TEMPORAL_SERVER_ENDPOINT' ? env.TEMPORAL_SERVER_PORT?.trim() : undefined;
  const parsed = parseAddress(value, defaultPort);
  if (typeof parsed === 'object') return parsed;
  problems.push(`${variable} ${parsed}`);
  return { host: '', address: '' };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);
}

/** Node's parser says what is wrong with a certificate; the SDK's only says that the transport failed. */
function checkCertificates(env: Record<string, string>, tls: TLSConfig, problems: string[]): void {
  const pair = ['TEMPORAL_TLS_CLIENT_CERT', 'TEMPORAL_TLS_CLIENT_KEY'] as const;
  const [cert, key] = pair.map((name) => env[`${name}_DATA`] ?? env[`${name}_PATH`]);
  if (Boolean(cert) !== Boolean(key)) {
    problems.push(`${pair.join(' and ')} (_DATA or _PATH) are set only together`);
    return;
  }

  const { clientCertPair, serverRootCACertificate } = tls;
  const found = {
    TEMPORAL_TLS_CLIENT_CERT: clientCertPair && clientCertificateProblem(clientCertPair.crt),
    TEMPORAL_TLS_CLIENT_KEY: clientCertPair && clientKeyProblem(clientCertPair.key, clientCertPair.crt),
    TEMPORAL_TLS_SERVER_CA_CERT: serverRootCACertificate && caCertificateProblem(serverRootCACertificate),
  };
  for (const [name, problem] of Object.entries(found)) if (problem) problems.push(`${name} ${problem}`);
}
