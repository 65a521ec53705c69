import type { Client } from '@temporalio/client';
import type { StateDocument } from '../../state/document.ts';
import type { S3Session } from '../../state/s3-session.ts';
import type { Aws } from '../aws/aws.ts';
import type { StackConfig } from '../config/schema.ts';
import { type Plan, summarize } from '../engine/plan.ts';
import { EXIT, UserError, usageError } from '../errors.ts';
import type { Inputs } from '../steps/index.ts';
import { formatPlan, planData } from '../ui/format-plan.ts';
import { answerWhere } from './answering.ts';
import { answerWhat } from './configuring.ts';
import { type Connection, connect } from './connect.ts';
import type { CommandInput } from './input.ts';
import { checkedClient } from './preflight.ts';
import { flagsToFind, tellHowToRepeat } from './repeating.ts';
import { rollOut } from './roll-out.ts';
import type { Run } from './run.ts';
import { confirmShared } from './shared-network.ts';
import { monthlyLine } from './stack-bill.ts';
import { callSummary, type PlannedStack, planStack } from './stack-run.ts';
import { isInForce, storedConfig } from './stored-config.ts';
import { withUserImages } from './user-image.ts';
import { workerImagesFor } from './worker-image.ts';

/** `init`: makes the stack what the answers say, and proves that its worker polls. */
export async function init(input: CommandInput): Promise<number> {
  const where = await answerWhere(input, { whatFollows: true, offers: true });
  const connection = await connect(input, where);
  try {
    input.io.note(
      `Account ${connection.accountId} (${connection.caller}), region ${connection.region}, stack ${connection.stack}`,
    );
    const store = await connection.findStore();
    const before = await store?.read();
    const answered = await answerWhat(input, connection, storedConfig(before?.configs.at(-1)));
    const configured = { ...answered, config: await withUserImages(input, connection, answered.config, before) };
    const images = await workerImagesFor(input, connection, configured, before);
    const aws = connection.aws({ images });
    const inputs: Inputs = { images, secretValue: configured.secretValue };
    const client = await checkedClient(input, connection, configured, before, aws);
    try {
      const next = (await flagsToFind(input, where)).join(' ');
      const changed = await run(input, connection, aws, configured.config, inputs, before, client, next);
      if (changed) await tellHowToRepeat(input, where, configured);
      return EXIT.done;
    } finally {
      await client?.connection.close();
    }
  } finally {
    connection.close();
  }
}

/** @returns whether anything was changed */
async function run(
  input: CommandInput,
  connection: Connection,
  aws: Aws,
  config: StackConfig,
  inputs: Inputs,
  before: StateDocument | undefined,
  client: Client | undefined,
  next: string,
): Promise<boolean> {
  const { io } = input;
  const startedAt = performance.now();
  // A new account gets its state bucket only after the plan was accepted.
  const early = before ? await (await connection.makeStore()).open('init') : undefined;
  let session = early;
  try {
    const planned = await planStack(connection, config, early?.document ?? before, inputs, aws);
    await accept(input, planned, monthlyLine(config, early?.document ?? before));
    input.signal.throwIfAborted();
    session ??= await openNew(connection);
    const { owner } = planned;
    connection.guard = async () => session?.assertHeld();
    const { changed } = summarize(planned.plan);
    if (session.isNew || !isInForce(session.document, config))
      await enforce(connection, session, config, owner.stackId);
    const run: Run = { input, connection, aws, config, session, owner, client, command: 'init' };
    const proofs = await rollOut(
      run,
      planned.plan,
      config.workers.map(({ name }) => name),
    );
    if (session.document.configs.length > 1) {
      await session.update((draft) => {
        draft.configs = draft.configs.slice(-1);
      });
    }
    const proof = proofs.length > 0 ? proofs.map(({ text }) => text).join('\n') : undefined;
    io.note(callSummary(connection));
    io.result(finalText(config, changed, proof, performance.now() - startedAt, next), {
      stack: config.stack,
      region: config.region,
      changed,
      proof,
      plan: planData(planned.plan),
      calls: connection.counts,
    });
    return changed;
  } finally {
    await session?.close();
  }
}

/** Puts the config in force, and takes it back when the network that it shares is being changed at this moment. */
async function enforce(
  connection: Connection,
  session: S3Session,
  config: StackConfig,
  stackId: string,
): Promise<void> {
  const { isNew, document } = session;
  await session.update((draft) => putInForce(draft, config, stackId));
  try {
    await confirmShared(connection, config);
  } catch (error) {
    if (isNew) await session.deleteDocument();
    else
      await session.update((draft) => {
        draft.configs = document.configs;
      });
    throw error;
  }
}

/** Earlier configs stay until a run has succeeded: what only they had must still be found. */
function putInForce(draft: StateDocument, config: StackConfig, stackId: string): void {
  draft.stackId = stackId;
  const stored = JSON.stringify(config);
  draft.configs = [...draft.configs.filter((earlier) => JSON.stringify(earlier) !== stored), JSON.parse(stored)];
}

async function openNew(connection: Connection): Promise<S3Session> {
  const session = await (await connection.makeStore()).open('init');
  if (session.isNew) return session;
  await session.close();
  throw new UserError({
    code: 'PLAN_STALE',
    message: `stack ${connection.stack} was created by somebody else while this plan was looked at`,
    fix: 'Run the command again and look at its new plan.',
    exitCode: EXIT.tryAgain,
  });
}

/** Shows the plan and what it will cost, and gets a yes: by the person, or by the flags. */
async function accept(input: CommandInput, { plan, adopted }: PlannedStack, monthly: string): Promise<void> {
  const { io, flags, signal } = input;
  const [problem] = plan.problems;
  if (problem) throw problem;
  if (adopted) io.warn('This stack has no state, but things with its tags exist: they are taken over.');
  io.note(formatPlan(plan));
  const { changed, destructive } = summarize(plan);
  if (!changed) return;
  io.note(monthly);
  if (flags.yes) {
    if (destructive && flags.own.allowReplace !== true) throw needsAllowReplace(plan);
    return;
  }
  const question = destructive ? 'This deletes or replaces what is marked - or ±. Go on?' : 'Go on?';
  if (!(await io.confirm(question, { suggestion: !destructive }, signal))) {
    throw new UserError({
      code: 'DECLINED',
      message: 'Nothing was changed.',
      fix: 'Run the command again when you are ready.',
    });
  }
}

function needsAllowReplace(plan: Plan<Aws, StackConfig>): UserError {
  const items = plan.items.filter(
    (item) => (item.action === 'replace' && !item.failed) || item.action === 'retire' || item.duplicates.length > 0,
  );
  return usageError(
    `the plan replaces or deletes ${items.map((item) => item.step.title).join(', ')}`,
    'If that is what you want, add --allow-replace.',
    'NEEDS_ALLOW_REPLACE',
  );
}

function finalText(config: StackConfig, changed: boolean, proof: string | undefined, ms: number, next: string): string {
  if (!changed) return [`Stack ${config.stack} is as configured. Nothing was changed.`, proof ?? []].flat().join(' ');
  return [
    [`Stack ${config.stack} is up (${Math.round(ms / 1000)} s).`, proof ?? []].flat().join(' '),
    `Next: temporal-fargate trigger ${next}`,
  ].join('\n');
}
