import { summarize } from '../engine/plan.ts';
import { EXIT } from '../errors.ts';
import { formatPlan, planData } from '../ui/format-plan.ts';
import { answerWhere } from './answering.ts';
import { answerWhat } from './configuring.ts';
import { connect } from './connect.ts';
import type { CommandInput } from './input.ts';
import { billFor, monthlyLine } from './stack-bill.ts';
import { callSummary, planStack } from './stack-run.ts';
import { storedConfig } from './stored-config.ts';
import { withUserImages } from './user-image.ts';
import { workerImagesFor } from './worker-image.ts';

/** `plan`: what `init` would do; changes nothing. Exit code 2 with `--detailed-exitcode` when there is something. */
export async function plan(input: CommandInput): Promise<number> {
  const connection = await connect(input, await answerWhere(input, { whatFollows: true }));
  try {
    const document = await (await connection.findStore())?.read();
    const answered = await answerWhat(
      { ...input, flags: { ...input.flags, yes: true } },
      connection,
      storedConfig(document?.configs.at(-1)),
    );
    const { secretValue } = answered;
    const config = await withUserImages(input, connection, answered.config, document);
    const isCodeLeftOut = input.flags.own.skipCode === true;
    const images = isCodeLeftOut
      ? new Map()
      : await workerImagesFor(input, connection, { ...answered, config }, document);
    const aws = connection.aws({ images });
    const inputs = { images, secretValue };
    const planned = await planStack(connection, config, document, inputs, aws);
    for (const problem of planned.plan.problems) input.io.warn(`${problem.message}. ${problem.fix}`);
    input.io.note(callSummary(connection));
    const { changed } = summarize(planned.plan);
    const text = changed ? `${formatPlan(planned.plan)}\n${monthlyLine(config, document)}` : formatPlan(planned.plan);
    input.io.result(text, {
      plan: planData(planned.plan),
      monthlyUsd: billFor(config).sum ?? null,
      calls: connection.counts,
    });
    if (planned.plan.problems.length > 0) return EXIT.failed;
    return changed && input.flags.own.detailedExitcode === true ? EXIT.changes : EXIT.done;
  } finally {
    connection.close();
  }
}
