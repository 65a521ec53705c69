import type { TagChange } from '../aws/retag.ts';
import type { Tags } from '../engine/ownership.ts';
import type { Change, Live } from '../engine/step.ts';
import type { AwsStep } from './define.ts';

/**
 * The step with a person's own tags on its thing besides those of the owner: given in the creating call, and changed in
 * place later. They come with every look, so that they cost no call until they change. Tags of other people stay.
 *
 * @param former keys of tags that the person once gave; those that are no longer given are taken away
 */
export function withExtraTags(step: AwsStep, extra: Tags, former: readonly string[]): AwsStep {
  const { retag } = step;
  if (!retag) return step;
  const changeOf = (live: Live): TagChange => ({
    put: Object.fromEntries(Object.entries(extra).filter(([key, value]) => live.tags[key] !== value)),
    remove: former.filter((key) => extra[key] === undefined && live.tags[key] !== undefined),
  });
  return {
    ...step,
    diff: (want, live) => [...step.diff(want, live), ...asChange(live, changeOf(live))],
    // Tags alone are changed in place.
    revises: (changes) => {
      const others = withoutTags(changes);
      return others.length > 0 && (step.revises?.(others) ?? false);
    },
    create: (aws, want, options) => step.create(aws, want, { ...options, tags: { ...extra, ...options.tags } }),
    async update(aws, live, want, changes, options) {
      const others = withoutTags(changes);
      const created = { ...options, tags: { ...extra, ...options.tags } };
      const retagged = others.length < changes.length;
      if (retagged && step.handsTagsOn) await retag(aws, live, changeOf(live));
      const updated: Live | undefined =
        others.length > 0 ? await step.update?.(aws, live, want, others, created) : undefined;
      // What became another thing was given its tags when that was made.
      if (!retagged || (updated && updated.id !== live.id)) return updated;
      if (!step.handsTagsOn) await retag(aws, live, changeOf(live));
      return undefined;
    },
  };
}

const FIELD = 'tags';

const withoutTags = (changes: readonly Change[]): Change[] => changes.filter(({ field }) => field !== FIELD);

/** In the plan only what differs is told. */
function asChange({ tags }: Live, { put, remove }: TagChange): Change[] {
  const keys = [...Object.keys(put), ...remove].sort();
  if (keys.length === 0) return [];
  const only = (all: Tags): Tags =>
    Object.fromEntries(keys.flatMap((key) => (all[key] === undefined ? [] : [[key, all[key]]])));
  return [{ field: FIELD, from: only(tags), to: only(put), how: 'update' }];
}
