import * as z from 'zod';
import type { S3Store } from '../../state/s3-store.ts';
import type { Plan } from '../engine/plan.ts';
import { UserError } from '../errors.ts';
import type { Connection } from './connect.ts';

/** Throws `UserError` NETWORK_SHARED when other stacks have their tasks in this stack's network; see shared-network.ts. */
export async function refuseWhileShared(store: S3Store | undefined, stack: string): Promise<void> {
  const guests = store ? await guestsOf(store, stack) : [];
  if (guests.length > 0) throw stillShared(stack, guests, 'it');
}

/**
 * What of a plan would take the network from under other stacks. Of all of it they hold the ids of VPC and subnets only:
 * AWS moves a subnet from one route table to another without a gap.
 */
export async function problemsOfGuests(
  connection: Connection,
  { items }: Pick<Plan, 'items'>,
): Promise<readonly UserError[]> {
  const { stack } = connection;
  const leaving = items.filter(
    ({ step, action, live }) =>
      live !== undefined && /^(retire|replace)$/.test(action) && /^network\/(vpc$|subnet\/)/.test(step.id),
  );
  if (leaving.length === 0) return [];
  const store = await connection.findStore();
  const guests = store ? await guestsOf(store, stack) : [];
  return guests.length > 0 ? [stillShared(stack, guests, leaving.map(({ step }) => step.title).join(', '))] : [];
}

/** Names of the other stacks whose tasks are, or are about to be, in the network of this one. */
async function guestsOf(store: S3Store, owner: string): Promise<string[]> {
  const others = (await store.stacks()).filter((name) => name !== owner);
  const found = await Promise.all(
    others.map(async (name) => ((await isGuest(store.ofStack(name), owner)) ? [name] : [])),
  );
  return found.flat();
}

/** As much of a document as counts here, whatever its version: a newer program may have written it. */
const glance = z.object({
  operation: z.string(),
  steps: z.record(z.string(), z.unknown()),
  configs: z.array(z.object({ network: z.object({ preset: z.string().optional(), stack: z.string().optional() }) })),
});

async function isGuest({ file }: S3Store, owner: string): Promise<boolean> {
  const text = await file.text();
  if (text === undefined) return false;
  const seen = glance.safeParse(jsonOf(text));
  // A damaged one is judged by its words: better a stack too many is looked at than one loses its way out.
  if (!seen.success) return text.includes('"shared"') && text.includes(JSON.stringify(owner));
  const { operation, steps, configs } = seen.data;
  // A destroyed stack keeps its config, for what may still be restored; one that is about to be made has no steps yet.
  const inUse = operation !== 'destroy' || Object.keys(steps).some((id) => /^(network|compute)\//.test(id));
  return inUse && configs.some(({ network }) => network.preset === 'shared' && network.stack === owner);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const stillShared = (stack: string, guests: readonly string[], what: string): UserError =>
  new UserError({
    code: 'NETWORK_SHARED',
    message: `stack ${stack} shares its network with ${guests.join(', ')}, so ${what} must stay`,
    fix: `Destroy these first, or move them: temporal-fargate init --stack ${guests[0]} --network private`,
  });
