import { randomUUID } from 'node:crypto';
import { TAG } from '../../src/engine/ownership.ts';
import type { AnyStep, Change, Explanation, Live, Needs, Step } from '../../src/engine/step.ts';

/** A cloud in memory: things with an id, tags, fields, and edges that refuse a delete, as EC2 does. */
export interface Thing extends Live {
  readonly kind: string;
  state: 'pending' | 'ready' | 'failed' | 'leaving';
  size: string;
  parent: string;
}

export class CloudError extends Error {
  readonly kind: 'busy' | 'propagating' | 'unknown' | 'final';
  constructor(kind: 'busy' | 'propagating' | 'unknown' | 'final', message: string) {
    super(message);
    this.kind = kind;
  }
}

export class FakeCloud {
  readonly things = new Map<string, Thing>();
  readonly calls: string[] = [];
  /** Set by tests: runs before a call is carried out and may throw. */
  before: (call: string) => void = () => undefined;
  /** Runs after a call was carried out and before its answer arrives. */
  after: (call: string) => void = () => undefined;
  /** Tag searches do not see things for this many searches after their create. */
  tagLag = 0;
  /** Looks until a pending thing is ready. */
  pendingLooks = 0;
  /** Looks and searches that still show a thing after its deletion. */
  shownAfterDelete = 0;
  private readonly deleted = new Map<string, { thing: Thing; looks: number }>();
  private readonly looks = new Map<string, number>();
  private readonly searches = new Map<string, number>();
  private readonly tokens = new Map<string, string>();

  call<T>(name: string, carryOut: () => T): Promise<T> {
    this.calls.push(name);
    try {
      this.before(name);
      const result = carryOut();
      this.after(name);
      return Promise.resolve(result);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  mutations(): string[] {
    return this.calls.filter((call) => !call.startsWith('find'));
  }

  add(kind: string, tags: Record<string, string>, fields: Partial<Thing> = {}): Thing {
    const id = fields.id ?? `${kind}-${randomUUID().slice(0, 8)}`;
    const thing: Thing = { kind, state: 'ready', size: 'small', parent: '', ...fields, id, tags };
    this.things.set(id, thing);
    return thing;
  }

  create(
    kind: string,
    token: string | undefined,
    tags: Record<string, string>,
    fields: Partial<Thing>,
  ): Promise<Thing> {
    return this.call(`create ${kind}`, () => {
      const earlier = token === undefined ? undefined : this.tokens.get(token);
      if (earlier !== undefined) return this.things.get(earlier) ?? this.missing(earlier);
      const thing = this.add(kind, tags, { ...fields, state: this.pendingLooks > 0 ? 'pending' : 'ready' });
      if (token !== undefined) this.tokens.set(token, thing.id);
      this.searches.set(thing.id, 0);
      return thing;
    });
  }

  find(id: string): Promise<Thing | undefined> {
    return this.call(`find ${id}`, () => {
      const thing = this.things.get(id);
      if (!thing) return this.stillShown().find((gone) => gone.id === id);
      const looks = (this.looks.get(id) ?? 0) + 1;
      this.looks.set(id, looks);
      if (thing.state === 'pending' && looks >= this.pendingLooks) thing.state = 'ready';
      if (thing.state === 'leaving' && looks >= this.pendingLooks) {
        this.things.delete(id);
        return undefined;
      }
      return { ...thing };
    });
  }

  search(kind: string, stack: string, stepId: string): Promise<Thing[]> {
    return this.call(`find ${kind} by tag`, () =>
      [...this.things.values(), ...this.stillShown()].filter((thing) => {
        if (thing.kind !== kind || thing.tags[TAG.stack] !== stack || thing.tags[TAG.resource] !== stepId) return false;
        const searches = this.searches.get(thing.id);
        if (searches === undefined) return true;
        this.searches.set(thing.id, searches + 1);
        return searches >= this.tagLag;
      }),
    );
  }

  change(id: string, fields: Partial<Thing>): Promise<void> {
    return this.call(`update ${id}`, () => {
      Object.assign(this.things.get(id) ?? this.missing(id), fields);
    });
  }

  delete(id: string, lingers: boolean): Promise<void> {
    return this.call(`delete ${id}`, () => {
      const child = [...this.things.values()].find((thing) => thing.parent === id && thing.state !== 'leaving');
      const leaving = [...this.things.values()].find((thing) => thing.parent === id);
      if (child ?? leaving) throw new CloudError('busy', `DependencyViolation: ${(child ?? leaving)?.id} needs ${id}`);
      const thing = this.things.get(id);
      if (!thing) return;
      if (lingers) {
        thing.state = 'leaving';
        this.looks.set(id, 0);
      } else {
        this.things.delete(id);
        this.deleted.set(id, { thing, looks: this.shownAfterDelete });
      }
    });
  }

  private stillShown(): Thing[] {
    const shown = [...this.deleted.values()].filter(({ looks }) => looks > 0);
    for (const entry of shown) entry.looks -= 1;
    return shown.map(({ thing }) => ({ ...thing }));
  }

  private missing(id: string): never {
    throw new CloudError('final', `${id} does not exist`);
  }
}

export interface FakeConfig {
  size?: Record<string, string>;
}

export interface FakeStepOptions<N extends Needs> {
  needs?: N;
  repeatable?: 'token' | 'name' | 'tags';
  lingers?: boolean;
  /** The need that cannot be deleted before it. */
  holds?: string;
  /** Its update says what the thing is afterwards. */
  tells?: boolean;
  /** Changing the size replaces the thing instead of updating it. */
  fixedSize?: boolean;
  replacedWith?: string[];
  keep?: string;
  /** What it says of how far it is cleared, one a call. */
  clear?: string[];
  /** What its readiness says while it is pending. */
  stuck?: string;
  /** What moves while it is pending. */
  progress?: () => string;
  explain?: Explanation;
  /** What is said when it is stopped, which makes it fail. */
  stop?: string;
}

type FakeStep = Step<FakeCloud, FakeConfig, { size: string; parent: string }, Thing, Needs>;

/** A step whose thing has a size and hangs on the first of its needs. */
export function fakeStep<const N extends Needs>(
  id: string,
  options: FakeStepOptions<N> = {},
): AnyStep<FakeCloud, FakeConfig> {
  const needs: Needs = options.needs ?? {};
  const step: FakeStep = {
    id,
    title: `thing ${id}`,
    needs,
    ...(options.replacedWith ? { replacedWith: options.replacedWith } : {}),
    repeatable: options.repeatable ?? 'tags',
    timeouts: { ready: 5, gone: 5 },
    lingers: options.lingers ?? false,
    ...(options.holds === undefined ? {} : { holds: options.holds }),
    want: (config, from) => ({
      size: config.size?.[id] ?? 'small',
      parent: (Object.values(from)[0] as Live | undefined)?.id ?? '',
    }),
    findById: (cloud, thingId) => cloud.find(thingId),
    findOwned: (cloud, { stack, stepId }) => cloud.search(id, stack, stepId),
    diff: (want, live) => {
      const changes: Change[] = [];
      if (live.size !== want.size) {
        changes.push({ field: 'size', from: live.size, to: want.size, how: options.fixedSize ? 'replace' : 'update' });
      }
      if (live.parent !== want.parent) {
        changes.push({
          field: 'parent',
          from: live.parent,
          to: want.parent,
          how: options.replacedWith ? 'update' : 'replace',
        });
      }
      return changes;
    },
    create: (cloud, want, { tags, token }) =>
      cloud.create(id, options.repeatable === 'token' ? token : undefined, { ...tags }, want),
    update: async (cloud, live, want) => {
      await cloud.change(live.id, want);
      return options.tells ? { ...live, ...want } : undefined;
    },
    readiness: (live) => ({
      state: live.state === 'pending' ? 'waiting' : live.state,
      detail: live.state,
      ...(live.state === 'pending' ? { stuck: options.stuck, progress: options.progress?.() } : {}),
    }),
    ...(options.explain ? { explain: async () => options.explain } : {}),
    ...(options.stop === undefined
      ? {}
      : {
          stop: async (cloud, live) => {
            await cloud.change(live.id, { state: 'failed' });
            return { says: options.stop ?? '', goesBack: true };
          },
        }),
    ...(options.clear && { clear: (cloud: FakeCloud) => cloud.call('clear', () => options.clear?.shift()) }),
    destroy: (cloud, live) => cloud.delete(live.id, options.lingers ?? false),
    ...(options.keep === undefined
      ? {}
      : { keep: async (_cloud, _live, { deleteData }) => (deleteData ? undefined : options.keep) }),
  };
  return step;
}
