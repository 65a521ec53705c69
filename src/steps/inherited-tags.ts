import { TAG, type Tags } from '../engine/ownership.ts';

/**
 * Tags of a thing that AWS gives none: it is ours exactly when that is which it is in.
 *
 * @param tags those of what it is in, which is the stack's own when they name `parentId`
 */
export const inheritedTags = (tags: Tags, parentId: string, stepId: string): Tags =>
  tags[TAG.resource] === parentId ? { ...tags, [TAG.resource]: stepId } : tags;
