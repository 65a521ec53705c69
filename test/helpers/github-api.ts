import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** As far as anything in it matters here: https://docs.github.com/en/rest/repos/repos#get-a-repository */
const REPOSITORY = { full_name: 'acme/orders', id: 4711, owner: { id: 99 } };

export interface GithubApi {
  readonly origin: string;
  /** Paths, in the order in which they were asked for. */
  readonly asked: string[];
  close(): void;
}

/** GitHub's API on this machine, which knows one repository: acme/orders. */
export async function startGithubApi(): Promise<GithubApi> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const isKnown = request.url === `/repos/${REPOSITORY.full_name}`;
    response.writeHead(isKnown ? 200 : 404).end(JSON.stringify(isKnown ? REPOSITORY : { message: 'Not Found' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, asked, close: () => server.close() };
}
