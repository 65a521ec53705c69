import type { MonthlyUse } from '../engine/step.ts';

type Architecture = 'x86_64' | 'arm64';

/** By what AWS bills the things that the steps make; each is the price of one, in US dollars. */
export type PriceName =
  | `fargate-${Architecture}-vcpu-hour`
  | `fargate-${Architecture}-gb-hour`
  | `fargate-spot-${Architecture}-vcpu-hour`
  | `fargate-spot-${Architecture}-gb-hour`
  | 'nat-gateway-hour'
  | 'public-ipv4-hour'
  | 'secret-month'
  | 'alarm-month'
  | 'logs-ingested-gb'
  | 'ecr-gb-month'
  | 's3-gb-month';

export type Use = MonthlyUse<PriceName>;

/** The month of AWS's own price examples: 365 days by 24 hours, divided by 12. */
const HOURS = 730;

/** Nobody knows these before the stack runs, so the bill says what it takes for them. In GB. */
export const ASSUMED = {
  /** Written by one task in a month. */
  logs: 1,
  /** The images that stay for a rollback share most of their layers. */
  images: 0.5,
  data: 1,
} as const;

/** AWS takes nothing for it. */
export const free = (): readonly Use[] => [];

/** So many of a unit, whatever the number of tasks. */
export const always = (what: string, amount: number, unit: string, price: PriceName): Use => ({
  what,
  unit,
  parts: [{ amount: 1, of: unit, price }],
  quantity: { min: amount, max: amount },
});

/** One thing that is billed by the hour from its creation on. */
export const allMonth = (what: string, price: PriceName): Use => always(what, HOURS, 'h', price);

/** A use that grows with the number of tasks: `each` units for every one. */
export const eachTask = (
  use: Pick<Use, 'what' | 'unit' | 'parts'>,
  each: number,
  tasks: { readonly min: number; readonly max: number },
): Use => ({ ...use, quantity: { min: tasks.min * each, max: tasks.max * each } });

/** Something that every task has for as long as it runs. */
export const whileTasksRun = (
  what: string,
  parts: Use['parts'],
  tasks: { readonly min: number; readonly max: number },
): Use => eachTask({ what, unit: 'h', parts }, HOURS, tasks);
