import type { Answer, Answers, Option } from './option.ts';
import { flagOf, OPTIONS } from './options.ts';
import { lookUp, type Sources } from './sources.ts';

/** The answer as it is kept; see `Option.mend`. From a config file anything may come. */
export const mend = (option: Option, answer: Answer): { answer: Answer; note?: string } =>
  typeof answer === 'object' ? { answer } : (option.mend?.(answer) ?? { answer });

const TEXTS: readonly Option['type'][] = ['text', 'pem', 'pairs', 'json'];

/** Why an answer cannot be taken, in one sentence. */
export function wrong(option: Option, answer: Answer, answers: Answers): string | undefined {
  // From a config file anything may come.
  if (answer === null) return 'null is no answer; leave it out to have the default';
  if (typeof answer === 'object')
    return `${JSON.stringify(answer)} is a list or an object, where one value is asked for`;
  if (option.type === 'boolean' && typeof answer !== 'boolean') return `"${answer}" is neither true nor false`;
  if (option.type === 'number' && typeof answer !== 'number') return `"${answer}" is not a number`;
  if (TEXTS.includes(option.type) && typeof answer !== 'string') return `${answer} is not text; write "${answer}"`;
  if (option.choices && !option.choices.includes(String(answer))) {
    return `"${answer}" is not one of ${option.choices.join(', ')}`;
  }
  return outOfRange(option, Number(answer)) ?? option.validate?.(answer, answers);
}

function outOfRange({ range }: Option, answer: number): string | undefined {
  if (!range) return undefined;
  const [least, most] = range;
  if (Number.isInteger(answer) && answer >= least && answer <= most) return undefined;
  return `"${answer}" is not a whole number from ${least} to ${most}`;
}

/** Answers of the other stages that are wrong by themselves. */
export function wrongElsewhere(stage: Option['stage'], sources: Sources): string[] {
  const options = OPTIONS.filter((option) => option.stage !== stage);
  const found = new Map(options.map((option) => [option.key, lookUp(option, sources)]));
  const answers: Answers = Object.fromEntries(
    [...found].flatMap(([key, { answer }]) => (answer === undefined ? [] : [[key, answer]])),
  );
  return options.flatMap((option) => {
    const { answer, problem, source = '' } = found.get(option.key) ?? {};
    if (option.when && !option.when(answers)) return [];
    const reason = problem ?? (answer === undefined ? undefined : wrong(option, mend(option, answer).answer, answers));
    return reason === undefined ? [] : [`${flagOf(option.key)}: ${reason}${origin(option, source)}`];
  });
}

/** Where a wrong answer comes from, when its flag does not say so already. */
export const origin = (option: Option, source: string): string =>
  source === flagOf(option.key) || source === 'default' || source === 'you' ? '' : ` (from ${source})`;
