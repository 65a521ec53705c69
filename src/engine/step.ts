import type { Span } from './events.ts';
import type { Tags } from './ownership.ts';

/** What AWS says about one thing right now: flat, ours, SDK types stop at the step's edge. */
export interface Live {
  /** The id (or unique name) that `findById` takes. */
  readonly id: string;
  readonly tags: Tags;
}

export interface Change {
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
  /** `replace` when AWS cannot change the field in place. */
  readonly how: 'update' | 'replace';
}

/** The thing with these changes made. */
export const withChanges = <L extends Live>(live: L, changes: readonly Change[]): L => ({
  ...live,
  ...Object.fromEntries(changes.map(({ field, to }) => [field, to])),
});

export interface Readiness {
  /**
   * `ready`: others may use it. `waiting`: poll again. `failed`: it will never become ready and is replaced.
   * `leaving`: AWS is deleting it; wait until it is gone, then create a new one.
   */
  readonly state: 'ready' | 'waiting' | 'failed' | 'leaving';
  /** The reason as a person reads it: "pending", "FailureCode: FailureMessage". */
  readonly detail: string;
  /** Set while the cloud is unable to go on, and says why: such a wait is given up long before the step's timeout. */
  readonly stuck?: string | undefined;
  /**
   * What changes while a wait goes on: counts, the newest event. Set where the cloud would go on trying for ever: a
   * wait in which it stays the same for too long is given up as well.
   */
  readonly progress?: string | undefined;
  /** Of a failure: what the person can do about it. */
  readonly fix?: string;
  /**
   * Of a failure: what the same run does about it. `remake`: the thing is good for nothing, is deleted, and another one
   * made; `delete`: the same, but another one would fail as well; `retry`: the thing stays, the reason passes by
   * itself, and what `diff` then finds is put right.
   */
  readonly remedy?: 'remake' | 'delete' | 'retry';
}

/** What a person needs when a thing does not become ready. */
export interface Explanation {
  readonly lines: readonly string[];
  /** What to do about it, where that is known. */
  readonly fix: string | undefined;
}

/** What has become of a thing that was not waited for any longer. */
export interface Stopped {
  /** What a person has to know of it, in one sentence. */
  readonly says: string;
  /** The thing goes back to what it was before, which takes its time: until its readiness is no longer `waiting`. */
  readonly goesBack: boolean;
}

/** A need that is met as soon as the thing exists; a route may name a NAT gateway that is still pending. */
export interface CreatedNeed<S> {
  readonly step: S;
  readonly until: 'created';
}

export const whenCreated = <S>(step: S): CreatedNeed<S> => ({ step, until: 'created' });

// The engine handles steps of every Want and Live at once, which only `any` can say: a Step<Want, L> is neither
// a Step<unknown, Live> nor the other way round. This is the one place where `any` is allowed.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type AnyStep<Cloud = any, Config = any> = Step<Cloud, Config, any, any, any>;

export type Needs = Readonly<Record<string, AnyStep | CreatedNeed<AnyStep>>>;

type StepOf<N> = N extends CreatedNeed<infer S> ? S : N;
// biome-ignore lint/suspicious/noExplicitAny: infers one parameter of five
type LiveOf<S> = S extends Step<any, any, any, infer L, any> ? L : never;

/** The live things behind `needs`: `from.vpc.id` is typed, and a missing edge does not compile. */
export type From<N> = { readonly [K in keyof N]: LiveOf<StepOf<N[K]>> };

export interface DestroyOptions {
  /** Skip grace periods, such as the recovery window of a secret. */
  readonly purge: boolean;
  /** Empty and delete what holds the user's data. */
  readonly deleteData: boolean;
}

export interface CreateOptions {
  /** Ownership tags, to be given in the creating call itself. */
  readonly tags: Tags;
  /** Random UUID, the same on every attempt of one intent. */
  readonly token: string;
}

/** So much in a month of something that has a price. What it is worth is looked up elsewhere: the engine knows no prices. */
export interface MonthlyUse<PriceName extends string = string> {
  /** A line of the bill: "NAT gateway". Uses of one name and one composition are added up in it. */
  readonly what: string;
  /** What `quantity` is measured in: "h", "GB"; empty for things that are counted. */
  readonly unit: string;
  /** What one unit is made of: an hour of a task is so many vCPU-hours and so many GB-hours. */
  readonly parts: readonly { readonly amount: number; readonly of: string; readonly price: PriceName }[];
  /** Units in a month with the smallest and with the largest number of tasks. */
  readonly quantity: { readonly min: number; readonly max: number };
}

/**
 * One AWS thing: something that AWS gives an id (or a unique name) and tags. Routes, attachments, policies and
 * settings are fields of their parent's `Want`.
 *
 * `want`, `diff` and `readiness` are pure. No method loops, waits, prompts or prints: the engine does.
 */
export interface Step<Cloud, Config, Want, L extends Live, N extends Needs> {
  /** `network/nat-gateway/a`: key in the state document and value of the ownership tag. */
  readonly id: string;
  /** What a person reads: "NAT gateway (us-east-1a)". */
  readonly title: string;
  readonly needs: N;
  /** Needs whose replacement takes this thing along, although a change of the field itself could be an update. */
  readonly replacedWith?: readonly (keyof N)[];
  /**
   * How AWS recognises a repeated create: by client `token`, by unique `name`, or not at all (`tags`: the engine
   * must look by tag, longer than reads lag, before it creates again).
   */
  readonly repeatable: 'token' | 'name' | 'tags';
  /** Minutes until a wait is given up. */
  readonly timeouts: { readonly ready: number; readonly gone: number };
  /** How long AWS usually takes; absent where nobody would notice the wait. */
  readonly usual?: { readonly ready?: Span; readonly gone?: Span };

  want(config: Config, from: From<N>): Want;
  /** What a month of it is billed by; empty when it is free. Pure. */
  monthlyCost?(config: Config): readonly MonthlyUse[];
  /** `undefined` when it is gone or in a terminal state. */
  findById(cloud: Cloud, id: string): Promise<L | undefined>;
  /**
   * What carries this step's tags or, for things with a unique name, whatever holds that name: the engine checks
   * the tags of both and refuses what is not ours.
   */
  findOwned(cloud: Cloud, owner: { stack: string; stepId: string }): Promise<L[]>;
  /** Reads what only `diff` needs and the finds do not bring: a role's policy, a bucket's. Not used by destroy. */
  load?(cloud: Cloud, live: L): Promise<L>;
  /** Empty = converged. */
  diff(want: Want, live: L): Change[];
  /**
   * Exactly one creating call. Answers at once, before the thing is ready, with what the call's own answer says of
   * it; settings that need calls of their own are left to `diff` and `update`, so that a crash between two calls
   * leaves nothing that the next run does not see.
   */
  create(cloud: Cloud, want: Want, options: CreateOptions): Promise<L>;
  /** Whether these changes give it a new id, so that what names the id changes as well: a revision, an image. */
  revises?(changes: readonly Change[]): boolean;
  /**
   * Changes in place. Returns what the thing is now where the calls and their answers say all of it, under a new id where
   * AWS answers a change with a new revision; `undefined` where it has to be read.
   */
  update?(
    cloud: Cloud,
    live: L,
    want: Want,
    changes: readonly Change[],
    options: CreateOptions,
  ): Promise<L | undefined>;
  /**
   * Given `want`, whether the thing has become what this run asked for; without it, whether it is usable as it is.
   * A service whose new deployment was rolled back is usable, but not what was asked for.
   */
  readiness?(live: L, want?: Want): Readiness;
  /** Why an otherwise puzzling wait takes so long, looked up when it does: "network interface eni-1 of task …". */
  blockedBy?(cloud: Cloud, live: L): Promise<string | undefined>;
  /** Why the thing has failed or does not become ready, looked up when that is so. */
  explain?(cloud: Cloud, live: L): Promise<Explanation | undefined>;
  /**
   * Ends what the cloud goes on trying, when the wait for it is given up. Not called for a thing that has failed: the
   * cloud has ended that itself. `undefined` when nothing goes on any more.
   */
  stop?(cloud: Cloud, live: L): Promise<Stopped | undefined>;
  /** A reason to keep the thing on destroy ("holds 12 objects"), or `undefined` to delete it. */
  keep?(cloud: Cloud, live: L, options: DestroyOptions): Promise<string | undefined>;
  /** Why the thing is still to be seen although it was deleted ("can be restored for 7 days"): destroy lists it as kept. */
  remains?(live: L): string | undefined;
  /** AWS deletes it together with this need, so destroy makes no calls for it. */
  readonly goesWith?: keyof N & string;
  /** AWS does not delete this need while the thing is there: when the need is gone, so is the thing. */
  readonly holds?: keyof N & string;
  /** AWS goes on deleting after it has accepted the call; the engine waits before it deletes what this thing needs. */
  readonly lingers?: boolean;
  /**
   * Takes away some of what is in the thing and keeps it from being deleted; called before `destroy`, again and again
   * until it answers `undefined`. So a long work shows how far it is, and can be interrupted.
   * @returns how far it is: "25000 object versions more deleted, and there are others"
   */
  clear?(cloud: Cloud, live: L, options: DestroyOptions): Promise<string | undefined>;
  /** Already gone counts as success. */
  destroy(cloud: Cloud, live: L, options: DestroyOptions): Promise<void>;
}

function needOf(need: AnyStep | CreatedNeed<AnyStep>): { step: AnyStep; until: 'created' | 'ready' } {
  return 'until' in need ? need : { step: need, until: 'ready' };
}

export function needsOf(step: AnyStep): { key: string; step: AnyStep; until: 'created' | 'ready' }[] {
  return Object.entries(step.needs as Needs).map(([key, need]) => ({ key, ...needOf(need) }));
}
