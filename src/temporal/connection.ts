import { Client, Connection } from '@temporalio/client';
import { failureOf } from './failures.ts';
import { type Detour, probe } from './probe.ts';
import type { Credentials, TemporalTarget } from './target.ts';

const CONNECT_SECONDS = 10;

/** A client of the Temporal server, to be closed by its owner. Throws `UserError`; its codes are in failures.ts. */
export async function connectTemporal(
  target: TemporalTarget,
  credentials: Credentials,
  { timeoutSeconds = CONNECT_SECONDS, detour }: { timeoutSeconds?: number; detour?: Detour | undefined } = {},
): Promise<Client> {
  const { address, namespace, tls, serverCaCert, serverName } = target;
  const { apiKey, clientCert, clientKey } = credentials;
  // The client's library would try for ten seconds and then not say what was in its way.
  const obstacle = await probe(target, credentials, timeoutSeconds * 1000, detour);
  if (obstacle) throw failureOf(target, credentials, obstacle);
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({
      ...routeOf(address, detour),
      tls: tls && {
        ...(serverName !== undefined && { serverNameOverride: serverName }),
        ...(serverCaCert !== undefined && { serverRootCACertificate: Buffer.from(serverCaCert) }),
        ...(clientCert !== undefined &&
          clientKey !== undefined && { clientCertPair: { crt: Buffer.from(clientCert), key: Buffer.from(clientKey) } }),
      },
      connectTimeout: timeoutSeconds * 1000,
      ...(apiKey === undefined ? {} : { apiKey }),
    });
    await connection.workflowService.describeNamespace({ namespace });
    return new Client({ connection, namespace });
  } catch (cause) {
    await connection?.close();
    throw failureOf(target, credentials, cause);
  }
}

/**
 * Who is connected to, and by which way. Left to itself the library would read proxies from the environment: lower-case
 * variables only, and also for this machine itself.
 */
function routeOf(
  address: string,
  detour: Detour | undefined,
): { address: string; channelArgs: Record<string, string | number> } {
  const off = { 'grpc.enable_http_proxy': 0 };
  if (!detour) return { address, channelArgs: off };
  return {
    address: detour.proxy,
    channelArgs: {
      ...off,
      'grpc.http_connect_target': `dns:${address}`,
      'grpc.default_authority': address,
      ...(detour.login === undefined ? {} : { 'grpc.http_connect_creds': detour.login }),
    },
  };
}
