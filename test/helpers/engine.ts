import { randomUUID } from 'node:crypto';
import { apply } from '../../src/engine/apply.ts';
import type { EngineContext } from '../../src/engine/context.ts';
import { type Destroyed, destroy } from '../../src/engine/destroy.ts';
import type { StepEvent } from '../../src/engine/events.ts';
import { observe } from '../../src/engine/observe.ts';
import { ownerTags } from '../../src/engine/ownership.ts';
import { makePlan, type Plan, retiredOf } from '../../src/engine/plan.ts';
import { patience } from '../../src/engine/recorded.ts';
import { type AnyStep, type DestroyOptions, whenCreated } from '../../src/engine/step.ts';
import type { Clock } from '../../src/engine/wait.ts';
import { Cancelled } from '../../src/errors.ts';
import { MemorySession } from '../../state/memory-store.ts';
import { CloudError, FakeCloud, type FakeConfig, fakeStep } from './fake-cloud.ts';

/** Time that passes only when somebody sleeps. */
export class FakeClock implements Clock {
  private time = 0;
  now(): number {
    return this.time;
  }
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw new Cancelled();
    this.time += ms;
    // Lets everything else that is due run first, as a real timer would.
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (signal?.aborted) throw new Cancelled();
  }
}

const TAG_LAG_MS = 15_000;
const STUCK_MS = 120_000;

type Step = AnyStep<FakeCloud, FakeConfig>;

/** One stack in a fake account: run it, break it, run it again. */
export class Stack {
  readonly owner = { stack: 'dev', stackId: 'id-1' };
  readonly cloud: FakeCloud;
  readonly clock = new FakeClock();
  readonly events: StepEvent[] = [];
  readonly abort = new AbortController();
  session = new MemorySession();
  config: FakeConfig = {};
  readonly steps: Step[];

  constructor(steps: Step[], cloud = new FakeCloud()) {
    this.steps = steps;
    this.cloud = cloud;
  }

  /** The next run of the program, with the same state. */
  another(): Stack {
    const next = new Stack(this.steps, this.cloud);
    next.session = this.session;
    next.config = this.config;
    return next;
  }

  context(): EngineContext<FakeCloud, FakeConfig> {
    return {
      cloud: this.cloud,
      config: this.config,
      owner: this.owner,
      session: this.session,
      clock: this.clock,
      signal: this.abort.signal,
      emit: (event) => this.events.push(event),
      polling: (look) => look(),
      classify: (error) => (error instanceof CloudError ? error.kind : 'final'),
      newToken: () => randomUUID(),
      concurrency: 4,
      pollMs: 1000,
      tagLagMs: TAG_LAG_MS,
      stuckMs: STUCK_MS,
      standstillMs: 2 * STUCK_MS,
    };
  }

  async plan(earlier: Step[] = []): Promise<Plan<FakeCloud, FakeConfig>> {
    const records = this.session.document.steps;
    const observed = await observe(
      this.cloud,
      this.owner,
      [...this.steps, ...retiredOf(this.steps, earlier)],
      records,
      patience(this.context(), TAG_LAG_MS),
    );
    return makePlan({ config: this.config, steps: this.steps, earlier, records, observed });
  }

  async up(earlier: Step[] = []): Promise<void> {
    await apply(this.context(), await this.plan(earlier));
  }

  down(options: Partial<DestroyOptions> = {}): Promise<Destroyed> {
    return destroy(this.context(), this.steps, { purge: false, deleteData: false, ...options });
  }

  /** Forgets everything but the cloud, as if the state document had been lost. */
  loseState(): void {
    this.session = new MemorySession();
  }

  tags(stepId: string): Record<string, string> {
    return { ...ownerTags(this.owner, stepId) };
  }

  /** `{ stepId: action }` of the next plan, without the converged ones. */
  async actions(earlier: Step[] = []): Promise<Record<string, string>> {
    const { items } = await this.plan(earlier);
    return Object.fromEntries(items.filter((i) => i.action !== 'none').map((i) => [i.step.id, i.action]));
  }

  ids(): string[] {
    return [...this.cloud.things.keys()].sort();
  }
}

/** vpc <- subnet <- gateway(lingers, token) <- service; vpc <- group <- service */
export function smallStack(): Stack {
  const vpc = fakeStep('vpc');
  const subnet = fakeStep('subnet', { needs: { vpc } });
  const gateway = fakeStep('gateway', { needs: { subnet }, repeatable: 'token', lingers: true });
  const routes = fakeStep('routes', { needs: { vpc, gateway: whenCreated(gateway) } });
  const group = fakeStep('group', { needs: { vpc } });
  const service = fakeStep('service', { needs: { subnet, gateway, group, routes }, repeatable: 'name', lingers: true });
  return new Stack([service, group, routes, gateway, subnet, vpc]);
}

/** Where in the list of calls these stand. */
export const positions = (calls: string[], ...names: string[]): number[] => names.map((name) => calls.indexOf(name));
