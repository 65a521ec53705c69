import type { StateDocument } from '../../state/document.ts';
import { isDenied } from '../aws/errors.ts';
import { explainAwsError } from '../aws/explain.ts';
import { enabledRegions } from '../aws/regions.ts';
import { countRunning } from '../aws/service-report.ts';
import type { StackConfig } from '../config/schema.ts';
import { asError, EXIT } from '../errors.ts';
import { clusterName } from '../steps/compute/cluster.ts';
import { formatList, type ListEntry } from '../ui/format-list.ts';
import { answerWhere } from './answering.ts';
import { type Connection, connect } from './connect.ts';
import type { CommandInput } from './input.ts';
import type { Region } from './region.ts';
import { billFor, tasksOf } from './stack-bill.ts';
import { storedConfig } from './stored-config.ts';
import { heldLock, type StoredStack, storedStacks } from './stored-stacks.ts';

/** `list`: every stack of the account, in all its regions or in the one of `--region`. A region that is closed is named. */
export async function list(input: CommandInput): Promise<number> {
  const { io, flags } = input;
  const connection = await connect(input, await answerWhere(input));
  try {
    const regions = flags.answers.region === undefined ? await regionsOf(input, connection) : [connection.region];
    const looks = await Promise.all(regions.map((region) => lookInto(connection, region)));
    const failed = looks.filter((look) => look instanceof Error);
    const [first] = failed;
    if (first && failed.length === looks.length) throw first;
    const unread = regions.flatMap((region, at) => {
      const look = looks[at];
      return look instanceof Error ? [{ region, problem: asError(explainAwsError(look)).message }] : [];
    });
    for (const { region, problem } of unread) io.warn(`${region} could not be looked into: ${problem}`);
    const stacks = looks.flatMap((look) => (look instanceof Error ? [] : look));
    io.result(formatList(stacks, regions.length - unread.length), { stacks, unread });
    return EXIT.done;
  } finally {
    connection.close();
  }
}

/** Who may not list the regions sees the one that is configured. */
async function regionsOf({ io }: CommandInput, { clients, region }: Connection): Promise<string[]> {
  try {
    return await enabledRegions(clients.ec2);
  } catch (error) {
    if (!isDenied(error)) throw error;
    io.warn(`Only ${region} is looked into: these credentials may not ec2:DescribeRegions.`);
    return [region];
  }
}

async function lookInto(connection: Connection, name: string): Promise<ListEntry[] | Error> {
  const region = connection.elsewhere(name);
  try {
    const store = await region.findStore();
    const stacks = store ? await storedStacks(store) : [];
    // Of a destroyed stack the state stays, empty.
    const there = stacks.filter(
      ({ document, problem, lock }) => problem || lock || Object.keys(document?.steps ?? {})[0],
    );
    return await Promise.all(there.map((stored) => entryOf(region, name, stored)));
  } catch (error) {
    return asError(error);
  } finally {
    region.close();
  }
}

async function entryOf(
  region: Region,
  name: string,
  { stack, document, problem, lock }: StoredStack,
): Promise<ListEntry> {
  const config = configOf(document);
  const known = config instanceof Error ? undefined : config;
  const workers = known?.workers.map((worker) => worker.name) ?? [];
  const running = countRunning(region.aws(), clusterName(stack), workers);
  return {
    region: name,
    stack,
    workers,
    paused: known?.workers.flatMap(({ name, paused }) => (paused ? name : [])) ?? [],
    tasks: known ? tasksOf(known) : null,
    // Who may not ask ECS sees the rest all the same.
    running: await running.catch(() => null),
    monthlyUsd: (known && billFor(known).sum) ?? null,
    lastChange: document
      ? { operation: document.operation, at: document.writtenAt, cliVersion: document.cliVersion }
      : null,
    lock: heldLock(lock),
    problem: problem?.message ?? (config instanceof Error ? config.message : null),
  };
}

/** One damaged stack hides no other. */
function configOf(document: StateDocument | undefined): StackConfig | undefined | Error {
  try {
    return storedConfig(document?.configs.at(-1));
  } catch (error) {
    return asError(error);
  }
}
