import { asError, UserError, withExplanation } from '../errors.ts';
import type { EngineContext } from './context.ts';
import { NeverReady } from './failure.ts';
import { assertOwned } from './ownership.ts';
import type { AnyStep, Live, Readiness, Stopped } from './step.ts';
import { poll } from './wait.ts';
import { usualMs, waiting } from './waiting.ts';

/**
 * Waits until the thing is what `want` asks for. What does not get there is explained and, where the cloud would go on
 * trying, stopped.
 *
 * @param look reads the thing anew
 * @throws {NeverReady} code NEVER_READY when it has failed, STUCK when nothing went on for too long
 * @throws {UserError} WAIT_TIMEOUT
 */
export async function awaitReady<Cloud>(
  context: EngineContext<Cloud, unknown>,
  step: AnyStep<Cloud>,
  want: unknown,
  first: Live,
  look: () => Promise<Live>,
): Promise<Live> {
  if (!step.readiness) return first;
  const stuck = new Stuck(context);
  const tell = waiting(context, step, 'ready');
  let known: Live | undefined = first;
  const looked = poll<Live>({
    what: `${step.title} ${first.id} to become ready`,
    clock: context.clock,
    intervalMs: context.pollMs,
    usualMs: usualMs(context, step, 'ready'),
    signal: context.signal,
    timeoutMs: step.timeouts.ready * 60_000,
    onWaiting: (reason, elapsedMs) => tell(reason, elapsedMs, stuck.until(elapsedMs)),
    probe: async () => {
      const current: Live = known ?? (await context.polling(look));
      known = undefined;
      const readiness = step.readiness?.(current, want);
      if (!readiness || readiness.state === 'ready') return { done: true, value: current };
      if (readiness.state !== 'waiting') throw new NeverReady(step, current, readiness);
      const reason = stuck.tooLong(readiness);
      if (reason === undefined) return { done: false, reason: readiness.detail };
      throw new NeverReady(step, current, { ...readiness, stuck: reason });
    },
  });
  return looked.catch(async (error: unknown) => {
    throw await explained({ context, step, want, look }, first, error);
  });
}

type Limits = Pick<EngineContext<unknown, unknown>, 'clock' | 'stuckMs' | 'standstillMs'>;

/** How long a wait has been stuck for one and the same reason, or without any progress. */
class Stuck {
  private readonly context: Limits;
  private stuck: { readonly reason: string; readonly at: number } | undefined;
  private last: { readonly progress: string; readonly at: number } | undefined;

  constructor(context: Limits) {
    this.context = context;
  }

  /** Why it is time to give the wait up; `undefined` when it is not. */
  tooLong({ stuck, progress, detail }: Readiness): string | undefined {
    const { clock, stuckMs, standstillMs } = this.context;
    const at = clock.now();
    if (stuck === undefined) this.stuck = undefined;
    else if (this.stuck?.reason !== stuck) this.stuck = { reason: stuck, at };
    if (progress === undefined) this.last = undefined;
    else if (this.last?.progress !== progress) this.last = { progress, at };
    if (this.stuck && at - this.stuck.at >= stuckMs) return this.stuck.reason;
    const standsStill = this.last && at - this.last.at >= standstillMs;
    return standsStill ? `nothing has moved for ${Math.round(standstillMs / 60_000)} minutes: ${detail}` : undefined;
  }

  /** When the wait, `elapsedMs` old now, is given up if nothing changes, in milliseconds from its start. */
  until(elapsedMs: number): number | undefined {
    const { clock, stuckMs } = this.context;
    return this.stuck && elapsedMs + this.stuck.at + stuckMs - clock.now();
  }
}

const GIVEN_UP = ['STUCK', 'WAIT_TIMEOUT'];

/** A wait that has come to nothing. */
interface Wait<Cloud> {
  readonly context: EngineContext<Cloud, unknown>;
  readonly step: AnyStep<Cloud>;
  readonly want: unknown;
  readonly look: () => Promise<Live>;
}

/** The error with what the step can find out about it, and with what has become of the thing. */
async function explained<Cloud>(wait: Wait<Cloud>, live: Live, error: unknown): Promise<unknown> {
  if (!(error instanceof UserError) || !['NEVER_READY', ...GIVEN_UP].includes(error.code)) return error;
  const { context, step } = wait;
  // Best effort, and before anything is stopped, which leaves traces of its own: the error itself must come through.
  const why = await step.explain?.(context.cloud, live).catch(() => undefined);
  const stopped = GIVEN_UP.includes(error.code) ? await stop(wait) : [];
  if (!why && stopped.length === 0) return error;
  return withExplanation(error, { lines: [...(why?.lines ?? []), ...stopped], fix: why?.fix });
}

/** Lets the step end what the cloud goes on trying, and waits for what that leads to. Says what came of it. */
async function stop<Cloud>(wait: Wait<Cloud>): Promise<string[]> {
  const { context, step, look } = wait;
  if (!step.stop) return [];
  const { cloud, owner, session, emit } = context;
  let stopped: Stopped | undefined;
  try {
    const live = await look();
    assertOwned(live, owner, step);
    await session.assertHeld();
    stopped = await step.stop(cloud, live);
  } catch (error) {
    return [`It could not be stopped: ${asError(error).message}`];
  }
  if (!stopped) return [];
  emit({ type: 'note', id: step.id, title: step.title, text: stopped.says });
  const outcome = stopped.goesBack ? await awaitReturn(wait) : undefined;
  return [outcome === undefined ? stopped.says : `${stopped.says}: ${outcome}`];
}

/** What the thing has become, in its own words; `undefined` when nobody has waited for that to the end. */
async function awaitReturn<Cloud>({ context, step, want, look }: Wait<Cloud>): Promise<string | undefined> {
  const returned = poll<string>({
    what: `${step.title} to go back`,
    clock: context.clock,
    signal: context.signal,
    intervalMs: context.pollMs,
    usualMs: usualMs(context, step, 'ready'),
    timeoutMs: step.timeouts.ready * 60_000,
    onWaiting: waiting(context, step, 'ready'),
    probe: async () => {
      const readiness = step.readiness?.(await context.polling(look), want);
      if (readiness?.state === 'waiting') return { done: false, reason: readiness.detail };
      return { done: true, value: readiness?.detail ?? '' };
    },
  });
  return returned.catch(() => undefined);
}
