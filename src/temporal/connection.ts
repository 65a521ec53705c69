import { Client, Connection } from '@temporalio/client';
import { UserError } from '../errors.ts';

export interface TemporalTarget {
  /** `host:port` */
  readonly address: string;
  readonly namespace: string;
  readonly tls: boolean;
  readonly apiKey?: string | undefined;
}

const CONNECT_SECONDS = 10;

/** A client of the Temporal server, to be closed by its owner. Throws `UserError` TEMPORAL_UNREACHABLE or _REFUSED. */
export async function connectTemporal(target: TemporalTarget): Promise<Client> {
  const { address, namespace, tls, apiKey } = target;
  let connection: Connection;
  try {
    connection = await Connection.connect({
      address,
      tls,
      connectTimeout: CONNECT_SECONDS * 1000,
      ...(apiKey === undefined ? {} : { apiKey }),
    });
    await connection.workflowService.describeNamespace({ namespace });
  } catch (cause) {
    throw explain(target, cause);
  }
  return new Client({ connection, namespace });
}

function explain({ address, namespace }: TemporalTarget, cause: unknown): UserError {
  const code = (cause as { code?: number }).code;
  const message = cause instanceof Error ? cause.message : String(cause);
  if (code === 16 || code === 7) {
    return new UserError({
      code: 'TEMPORAL_REFUSED',
      message: `connecting to Temporal at ${address}: the server does not accept the credentials for namespace ${namespace}`,
      fix: 'Check that the API key is not expired and belongs to this namespace (TEMPORAL_API_KEY).',
      cause,
    });
  }
  if (code === 5) {
    return new UserError({
      code: 'TEMPORAL_NAMESPACE',
      message: `connecting to Temporal at ${address}: there is no namespace ${namespace}`,
      fix: 'Check --temporal-namespace; in Temporal Cloud it is name.account.',
      cause,
    });
  }
  return new UserError({
    code: 'TEMPORAL_UNREACHABLE',
    message: `connecting to Temporal at ${address}: ${/deadline/i.test(message) ? `no answer within ${CONNECT_SECONDS} seconds` : message}`,
    fix: 'Check the address and whether the server wants TLS. If only the VPC can reach it: init takes --verify health.',
    cause,
  });
}
