import type { ResourceType, TagSpecification } from '@aws-sdk/client-ec2';
import { GetResourcesCommand, type ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { TAG, type Tags } from '../engine/ownership.ts';

/** AWS writes tags in three shapes; these turn ours into each and back. */
export const upperTags = (tags: Tags): { Key: string; Value: string }[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

export const lowerTags = (tags: Tags): { key: string; value: string }[] =>
  Object.entries(tags).map(([key, value]) => ({ key, value }));

export const ec2Tags = (type: ResourceType, tags: Tags): TagSpecification[] => [
  { ResourceType: type, Tags: upperTags(tags) },
];

export function fromUpperTags(
  tags: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined,
): Tags {
  return Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));
}

export function fromLowerTags(
  tags: readonly { key?: string | undefined; value?: string | undefined }[] | undefined,
): Tags {
  return Object.fromEntries((tags ?? []).map(({ key, value }) => [key ?? '', value ?? '']));
}

/** Tags by ARN of everything that carries this stack's name; IAM roles are not among them. */
export async function tagIndex(
  client: ResourceGroupsTaggingAPIClient,
  stack: string,
): Promise<ReadonlyMap<string, Tags>> {
  const found = new Map<string, Tags>();
  let PaginationToken: string | undefined;
  do {
    const page = await client.send(
      new GetResourcesCommand({
        TagFilters: [{ Key: TAG.stack, Values: [stack] }],
        PaginationToken,
        ResourcesPerPage: 100,
      }),
    );
    for (const { ResourceARN, Tags } of page.ResourceTagMappingList ?? []) {
      if (ResourceARN !== undefined) found.set(ResourceARN, fromUpperTags(Tags));
    }
    PaginationToken = page.PaginationToken || undefined;
  } while (PaginationToken !== undefined);
  return found;
}
