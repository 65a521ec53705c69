import { CreateTagsCommand, DeleteTagsCommand } from '@aws-sdk/client-ec2';
import { TAG } from '../../src/engine/ownership.ts';
import type { Clients, Inventory, TestEmulator } from '../helpers/emulator.ts';

/** The account of one moment, as the person sees it who is about to do something in it. */
export interface Account {
  readonly clients: Clients;
  readonly inventory: Inventory;
}

/** What somebody does behind the program's back, in the words of the AWS CLI. */
export interface Deed {
  readonly text: string;
  act(account: Account): Promise<unknown>;
}

/** Does it where there is what it is done to. What AWS refuses to a person does not happen. */
export async function doByHand({ clients, inventory: look }: TestEmulator, { act }: Deed): Promise<void> {
  const inventory = await look();
  await act({ clients, inventory }).catch((error: { $metadata?: unknown }) => {
    if (error.$metadata === undefined) throw error;
  });
}

export const cluster = 'temporal-fargate-dev';
export const repositoryName = 'temporal-fargate/dev';
export const logGroupName = '/temporal-fargate/dev';
export const SecretId = 'temporal-fargate/dev/temporal';
export const dataBucket = 'tfg-dev-data-123456789012-us-east-1-an';
export const roleName = (kind: string) => `temporal-fargate-us-east-1-dev-${kind}`;
export const TARGET = {
  ServiceNamespace: 'ecs',
  ScalableDimension: 'ecs:service:DesiredCount',
  ResourceId: `service/${cluster}/worker`,
} as const;

/** Id of the thing that carries a step's tag; one that no AWS has where there is none, so that AWS refuses. */
export function idOf({ inventory }: Account, stepId: string): string {
  const alive = Object.values(inventory).flatMap((kinds) =>
    Object.entries(kinds).flatMap(([kind, things]) => (kind.startsWith('inactive-') ? [] : Object.entries(things))),
  );
  for (const [id, { tags }] of alive) {
    if ((tags as Record<string, string> | undefined)?.[TAG.resource] === stepId) return id;
  }
  return `${stepId.split('/')[1]}-00000000000000000`;
}

/** Things whose tags people change; each carries the stack's own, by which it is known as ours. */
export const TAGGED = ['network/vpc', 'network/nat-gateway/a', 'network/security-group', 'network/route-table/public'];

const OURS = TAG.managed;

/** Takes the mark off a thing by which it is known as ours, and puts it back. Does nothing where there is no such thing. */
export function disowned(stepId: string): { readonly off: Deed; readonly on: Deed } {
  let id: string | undefined;
  return {
    off: {
      text: `aws ec2 delete-tags --tags Key=${OURS} (of ${stepId})`,
      act: async (at) => {
        id = idOf(at, stepId);
        await at.clients.ec2.send(new DeleteTagsCommand({ Resources: [id], Tags: [{ Key: OURS }] }));
      },
    },
    on: {
      text: `aws ec2 create-tags --tags Key=${OURS},Value=true (of ${stepId})`,
      act: ({ clients }) =>
        clients.ec2.send(new CreateTagsCommand({ Resources: [id ?? ''], Tags: [{ Key: OURS, Value: 'true' }] })),
    },
  };
}
