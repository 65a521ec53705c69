import { Client, Connection } from '@temporalio/client';
import { type Credentials, failureOf, type TemporalTarget } from './failures.ts';
import { probe } from './probe.ts';

const CONNECT_SECONDS = 10;

/** A client of the Temporal server, to be closed by its owner. Throws `UserError`; its codes are in failures.ts. */
export async function connectTemporal(
  target: TemporalTarget,
  credentials: Credentials,
  timeoutSeconds = CONNECT_SECONDS,
): Promise<Client> {
  const { address, namespace, tls, serverCaCert, serverName } = target;
  const { apiKey, clientCert, clientKey } = credentials;
  // The client's library would try for ten seconds and then not say what was in its way.
  const obstacle = await probe(target, credentials, timeoutSeconds * 1000);
  if (obstacle && !isProxied()) throw failureOf(target, credentials, obstacle);
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({
      address,
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
    throw failureOf(target, credentials, obstacle ?? cause);
  }
}

/** Through a proxy the client may reach what we cannot; it knows these variables, and only in lower case. */
const isProxied = (): boolean => ['grpc_proxy', 'https_proxy', 'http_proxy'].some((name) => Boolean(process.env[name]));
