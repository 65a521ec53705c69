import { CLUSTER } from '../compute/cluster.ts';
import {
  arnIn,
  may,
  ONLY_OTHER_TAGS,
  type Permission,
  type PolicyPlace,
  requestTag,
  resourceTag,
  type Scope,
} from '../permission.ts';

/** AWS makes their ids, so there are no names to go by. */
const targets = (place: PolicyPlace): string[] => [arnIn(place, 'application-autoscaling', 'scalable-target/*')];

/** AWS asks for TagResource here as well: one that has an owner must not be claimed by it. */
export const NEW_TARGETS: Scope = {
  sid: 'NewScalableTargets',
  resources: targets,
  conditions: (place) => ({
    StringEquals: requestTag(place),
    Null: Object.fromEntries(Object.keys(resourceTag(place)).map((key) => [key, ['true']])),
  }),
};

/** With their policies, which have no tags of their own. */
export const OWN_TARGETS: Scope = {
  sid: 'ScalableTargets',
  resources: targets,
  conditions: (place) => ({ StringEquals: resourceTag(place) }),
};

export const TAGS_OF_TARGETS: Scope = {
  sid: 'TagsOfScalableTargets',
  resources: targets,
  conditions: (place) => ({ StringEquals: resourceTag(place), ...ONLY_OTHER_TAGS }),
};

/**
 * Changing a target that is there. Auto scaling then changes the number of tasks in the name of who asks, so it asks for that
 * too. Source: Application Auto Scaling user guide, "Identity-based policy examples".
 */
export const mayRegister: readonly Permission[] = [
  may(OWN_TARGETS, 'application-autoscaling:RegisterScalableTarget'),
  may(CLUSTER, 'ecs:DescribeServices', 'ecs:UpdateService'),
];
