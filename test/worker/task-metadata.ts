import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TaskMetadata {
  /** For ECS_CONTAINER_METADATA_URI_V4. */
  readonly uri: string;
  close(): void;
}

/** A stub of the endpoint at which ECS tells a container its task: `0af1b2` of the cluster `dev`. */
export async function serveTaskMetadata(): Promise<TaskMetadata> {
  const server = createServer((_request, response) =>
    response.end('{"TaskARN":"arn:aws:ecs:us-east-1:123456789012:task/dev/0af1b2"}'),
  );
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return { uri: `http://127.0.0.1:${port}/v4/x`, close: () => server.close() };
}
