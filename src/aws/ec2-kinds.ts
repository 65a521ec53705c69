import { DescribeTagsCommand, type EC2Client, type ResourceType } from '@aws-sdk/client-ec2';
import { TAG } from '../engine/ownership.ts';
import { batched } from './batch.ts';
import { isDenied } from './errors.ts';
import { pagesOf } from './paging.ts';

/** From so many kinds on, one call about all of them is worth making before those about each. */
const MANY = 4;

/**
 * Tells whether a stack may have any EC2 thing of a kind. When many kinds are asked for at once, as for a stack that is
 * about to be made or was just destroyed, EC2's own list of tags answers for all of them: it is as late as searches by
 * tag are, and spares one for each kind of which there is none.
 */
export function kindsOfStack(ec2: EC2Client, stack: string): (kind: ResourceType) => Promise<boolean> {
  const mayBe = batched<true>(async (kinds) => {
    const found = kinds.length < MANY ? undefined : await taggedKinds(ec2, stack);
    return new Map(kinds.flatMap((kind) => (!found || found.has(kind) ? [[kind, true] as const] : [])));
  });
  return async (kind) => (await mayBe(kind)) === true;
}

/** `undefined` for who may not ask: policies that earlier versions printed do not allow it. */
async function taggedKinds(ec2: EC2Client, stack: string): Promise<ReadonlySet<string> | undefined> {
  const Filters = [
    { Name: 'key', Values: [TAG.stack] },
    { Name: 'value', Values: [stack] },
  ];
  const kinds = new Set<string>();
  try {
    for await (const { tags = [] } of pagesOf(async (token) => {
      const { Tags: tags, NextToken: nextToken } = await ec2.send(
        new DescribeTagsCommand({ Filters, NextToken: token }),
      );
      return { tags, nextToken };
    }))
      for (const { ResourceType } of tags) if (ResourceType) kinds.add(ResourceType);
  } catch (error) {
    if (isDenied(error)) return undefined;
    throw error;
  }
  return kinds;
}
