import type { S3Store } from '../../state/s3-store.ts';
import { listSubnets } from '../aws/existing-network.ts';
import type { Place } from '../config/network-config.ts';
import type { StackConfig } from '../config/schema.ts';
import { EXIT, UserError } from '../errors.ts';
import { networkLayout } from '../steps/network/layout.ts';
import type { Connection } from './connect.ts';
import { storedConfig } from './stored-config.ts';

/*
 * Two stacks of one network cannot pull it away from under each other, and need no lock in common for that: a guest
 * first writes its config and then looks whether the owner is being changed; an owner first takes its lock and then
 * looks at the configs of all others. S3 shows a write to every later read, so at least one of them sees the other and
 * gives way.
 */

/** Where the network of another stack of ours is. Throws `UserError` NO_SHARED_NETWORK. */
export async function sharedPlace(connection: Connection, owner: string): Promise<Place> {
  const { accountId, region, clients } = connection;
  const store = await connection.findStore();
  const document = await store?.ofStack(owner).read();
  const config = storedConfig(document?.configs.at(-1));
  if (!document || !config) {
    const others = store ? await shareableStacks(store, connection.stack) : [];
    throw noNetwork(
      `there is no stack ${owner} in account ${accountId}, region ${region}, whose network could be shared`,
      others.length > 0
        ? `Name one that has one with --network-stack: ${others.join(', ')}.`
        : `Create it first: temporal-fargate init --stack ${owner}`,
    );
  }
  const { network } = config;
  if (network.preset === 'shared') {
    throw noNetwork(
      `stack ${owner} has no network of its own: it shares that of stack ${network.stack}`,
      `Name its owner: --network-stack ${network.stack}`,
    );
  }
  if (network.preset === 'existing') {
    throw noNetwork(
      `stack ${owner} has no network of its own: it is a guest in ${network.vpcId}`,
      `Be one too: --network existing --vpc-id ${network.vpcId} --subnet-ids ${network.subnetIds.join(',')}`,
    );
  }
  const { taskSubnets, publicAddresses } = networkLayout(config);
  const vpcId = document.steps['network/vpc']?.id;
  const subnetIds = taskSubnets.flatMap(({ id }) => document.steps[id]?.id ?? []);
  const there = vpcId === undefined ? [] : (await listSubnets(clients.ec2, vpcId)).map(({ id }) => id);
  const complete = subnetIds.length === taskSubnets.length && subnetIds.every((id) => there.includes(id));
  if (vpcId === undefined || !complete) {
    throw noNetwork(
      `the network of stack ${owner} is gone, or not all of it is there`,
      `Make it whole first: temporal-fargate init --stack ${owner}`,
    );
  }
  return { vpcId, subnetIds, assignPublicIp: publicAddresses };
}

/** Names of the stacks, but for this one, that have a network of their own. */
export async function shareableStacks(store: S3Store, stack: string): Promise<string[]> {
  const others = (await store.stacks()).filter((name) => name !== stack);
  const found = await Promise.all(
    others.map(async (name) => {
      const document = await store.ofStack(name).read();
      return document?.steps['network/vpc']?.id === undefined ? [] : [name];
    }),
  );
  return found.flat();
}

const noNetwork = (message: string, fix: string): UserError =>
  new UserError({ code: 'NO_SHARED_NETWORK', message, fix });

/**
 * The second half of a guest's part, after its config was written. Throws `UserError` NETWORK_CHANGING (75) when the
 * owner is at work, and what `sharedPlace` throws when the network has gone meanwhile.
 */
export async function confirmShared(connection: Connection, { network }: StackConfig): Promise<void> {
  if (network.preset !== 'shared') return;
  const store = await connection.findStore();
  const seen = await store?.ofStack(network.stack).holder();
  if (seen && !seen.expired && !seen.dead) {
    const { user, host, command } = seen.holder;
    throw changing(`${user}@${host} runs "${command}" on stack ${network.stack}, whose network this one is to share`);
  }
  const { vpcId, subnetIds } = await sharedPlace(connection, network.stack);
  if (vpcId === network.vpcId && subnetIds.join() === network.subnetIds.join()) return;
  throw changing(`the network of stack ${network.stack} was changed while this plan was looked at`);
}

const changing = (message: string): UserError =>
  new UserError({
    code: 'NETWORK_CHANGING',
    message,
    fix: 'Nothing was created. Run the command again when that is done.',
    exitCode: EXIT.tryAgain,
  });
