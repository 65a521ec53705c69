import type { Aws } from '../aws/aws.ts';
import type { TagChange } from '../aws/retag.ts';
import type { StackConfig } from '../config/schema.ts';
import type { AnyStep, Change, Live, Needs, Step } from '../engine/step.ts';
import type { Use } from './monthly-cost.ts';
import type { StepActions } from './permission.ts';

export type AwsStep = AnyStep<Aws, StackConfig> & Authorized & Taggable<Live>;

/** Every step says what it costs, by prices that are known. */
interface Billed {
  monthlyCost(config: StackConfig): readonly Use[];
}

/** Every step says what its calls need: that is what `policy` prints. */
interface Authorized {
  readonly actions: StepActions;
}

interface Taggable<L extends Live> {
  /** Changes tags that are not the owner's; absent for what AWS gives no tags of its own. */
  retag?(aws: Aws, live: L, change: TagChange): Promise<void>;
  /** What it starts is given its tags, so that they change before the rest of it does. */
  readonly handsTagsOn?: boolean;
}

/** A step of this program: infers what it wants, what it finds and what it needs. */
export const defineStep = <Want, L extends Live, const N extends Needs>(
  step: Step<Aws, StackConfig, Want, L, N> & Billed & Authorized & Taggable<L>,
): Step<Aws, StackConfig, Want, L, N> & Billed & Authorized & Taggable<L> => step;

/** Minutes that nearly every AWS thing stays below by far; see the caps in the steps that differ. */
export const QUICK = { ready: 5, gone: 5 } as const;

/** Deletes that other things of AWS hold up: network interfaces of stopped tasks, mostly. */
export const BLOCKED = { ready: 5, gone: 20 } as const;

/** Seconds until the network interfaces of stopped tasks are gone, which hold up what they were in. */
export const INTERFACES_LEAVE = { gone: [15, 300] } as const;

/** Seconds until interfaces with a public address are gone, which keep the internet gateway: up to twenty minutes. */
export const PUBLIC_ADDRESSES_LEAVE = { gone: [15, 1200] } as const;

type How = 'update' | 'replace';

/** Changes of the fields named in `how`, compared by their JSON. */
export function changesOf<W extends object>(
  want: W,
  live: { readonly [K in keyof W]?: unknown },
  how: { readonly [K in keyof W]?: How },
): Change[] {
  return (Object.keys(how) as (keyof W & string)[]).flatMap((field) => {
    const [from, to] = [live[field], want[field]];
    return canonical(from) === canonical(to) ? [] : [{ field, from, to, how: how[field] ?? 'update' }];
  });
}

/** JSON with sorted keys and without undefined: the same for the same content, whoever wrote it. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  ) as string;
}

/** A value that AWS always sends; says which one was missing when it does not. */
export function must<T>(value: T | null | undefined, what: string): T {
  if (value === undefined || value === null) throw new Error(`AWS answered without ${what}`);
  return value;
}
