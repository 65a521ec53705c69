import { createPrivateKey, X509Certificate } from 'node:crypto';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions, TLSConfig } from '@temporalio/worker';

const DEFAULT_PORT = '7233';

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
  const certificates = Object.keys(env).filter((name) => /^TEMPORAL_TLS_.*(CERT|KEY)_(DATA|PATH)$/.test(name));
  if (tlsIsOff && certificates.length > 0) {
    problems.push(`TEMPORAL_TLS is off, but ${certificates.join(' and ')} is set`);
  }
  // A line end at the end is how secrets get pasted; anything else that a header cannot carry is a mistake.
  const apiKey = env.TEMPORAL_API_KEY?.trim();
  if (apiKey && /[^\x21-\x7e]/.test(apiKey)) {
    problems.push('TEMPORAL_API_KEY holds a space, a line break or a character outside ASCII');
  }
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
  const defaultPort = (variable === 'TEMPORAL_SERVER_ENDPOINT' && env.TEMPORAL_SERVER_PORT?.trim()) || DEFAULT_PORT;
  const bare = value.replace(/^(https?|grpcs?):\/\//i, '').replace(/\/$/, '');
  const hasPort = /:\d+$/.test(bare.replace(/^\[.*\]/, ''));
  const href = `grpc://${hasPort ? bare : `${bare}:${defaultPort}`}`;
  const url = URL.canParse(href) ? new URL(href) : undefined;
  if (!url?.hostname || !url.port || url.pathname || url.username || url.search) {
    problems.push(`${variable} is not of the form host or host:port`);
    return { host: '', address: '' };
  }
  return { host: url.hostname, address: url.host };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host);
}

/** Node's own parser says what is wrong with a certificate; the SDK's only says that the transport failed. */
function checkCertificates(env: Record<string, string>, tls: TLSConfig, problems: string[]): void {
  const pair = ['TEMPORAL_TLS_CLIENT_CERT', 'TEMPORAL_TLS_CLIENT_KEY'] as const;
  const [cert, key] = pair.map((name) => env[`${name}_DATA`] ?? env[`${name}_PATH`]);
  if (Boolean(cert) !== Boolean(key)) problems.push(`${pair.join(' and ')} (_DATA or _PATH) are set only together`);

  const check = (what: string, test: () => boolean): void => {
    try {
      if (test()) return;
    } catch {
      // Reported below; the parser's own message could quote the input.
    }
    problems.push(what);
  };
  const { clientCertPair, serverRootCACertificate } = tls;
  if (clientCertPair) {
    check('TEMPORAL_TLS_CLIENT_CERT and TEMPORAL_TLS_CLIENT_KEY are not a PEM certificate and its private key', () =>
      new X509Certificate(clientCertPair.crt).checkPrivateKey(createPrivateKey(Buffer.from(clientCertPair.key))),
    );
  }
  if (serverRootCACertificate) {
    check('TEMPORAL_TLS_SERVER_CA_CERT is not a PEM certificate', () =>
      Boolean(new X509Certificate(serverRootCACertificate)),
    );
  }
}
