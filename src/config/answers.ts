import { usageError } from '../errors.ts';
import type { Asker, Asking } from './asker.ts';
import { Conversation } from './conversation.ts';
import type { Answer, Answers, Known, Option, OptionKey } from './option.ts';
import { flagOf, OPTIONS } from './options.ts';
import type { Problem } from './problem.ts';
import { type Found, lookUp, type Sources, STATE } from './sources.ts';
import { mend, origin, wrong, wrongElsewhere } from './wrong.ts';

export interface Gathering {
  readonly stage: Option['stage'];
  /** Which of the stage's questions; absent: all. */
  readonly about?: (option: Option) => boolean;
  readonly sources: Sources;
  readonly known: Known;
  /** Answers of the stage before. */
  readonly given: Answers;
  /** Secrets that are stored already and need not be given again. */
  readonly stored: readonly OptionKey[];
  /** Weaker than all sources, stronger than defaults: what the machine knows. */
  readonly fallback: Answers;
  /** Absent where nobody can be asked: then every missing answer is reported in one error. */
  readonly ask?: Asker | undefined;
  /**
   * What does not go together; `unclear` are the questions whose answers are missing or wrong by themselves, and those
   * that nobody was asked yet.
   */
  readonly contradictions?: (answers: Answers, unclear: ReadonlySet<OptionKey>) => readonly Problem[];
  /** When this stage is refused: also name the wrong answers that are given to the other stage's questions. */
  readonly alsoOtherStage?: boolean;
  /** Told of every answer and where it comes from; with a person, first of those that were given. */
  readonly echo: (option: Option, answer: Answer, source: string) => void;
}

/** Gathers the answers of one stage. Throws a usage error that names everything that is missing or wrong. */
export async function gather(gathering: Gathering): Promise<Answers> {
  const questions = new Questions(gathering);
  const { ask } = gathering;
  if (!ask) return questions.accepted(await questions.round(gathering.echo));
  // What was given wrongly is told before a person has answered ten questions.
  const given = await questions.round((option, answer, source) => {
    if (questions.isGivenByHand(option.key)) gathering.echo(option, answer, source);
  });
  questions.accepted({ ...given, missing: [], contradictions: questions.givenContradictions(given.answers) });

  const conversation = new Conversation(ask, questions);
  for (;;) {
    const outcome = await questions.round((option, answer, source) => {
      if (source === 'you') gathering.echo(option, answer, source);
    }, conversation);
    const open = questions.openOf(outcome);
    const clash = outcome.contradictions.find(({ keys }) => keys.some((key) => open.has(key)));
    if (clash) ask.tell(clash.message);
    else questions.accepted(outcome);
    const again = clash?.keys.filter((key) => open.has(key)) ?? (await ask.again?.(outcome.answers, open)) ?? [];
    if (again.length === 0) return outcome.answers;
    conversation.reopen(again, outcome.answers);
  }
}

/** What is known without asking anybody, and all that is wrong with it. */
export const answeredUnasked = (gathering: Gathering): Promise<Outcome> =>
  new Questions(gathering).round(gathering.echo);

export interface Outcome {
  readonly answers: Answers;
  readonly problems: readonly string[];
  readonly missing: readonly string[];
  /** Questions whose answers are missing or wrong by themselves. */
  readonly unclear: ReadonlySet<OptionKey>;
  readonly contradictions: readonly Problem[];
}

const NO_USE = 'it has no use with the other answers, such as --temporal-auth, --network or --data-bucket';

/** The questions of a stage with what is known about their answers; sources are looked up once. */
class Questions {
  private readonly gathering: Gathering;
  private readonly options: readonly Option[];
  private readonly found: ReadonlyMap<OptionKey, Found>;

  constructor(gathering: Gathering) {
    this.gathering = gathering;
    const { stage, about = () => true } = gathering;
    this.options = OPTIONS.filter((option) => option.stage === stage && about(option));
    const found = new Map(this.options.map((option) => [option.key, lookUp(option, gathering.sources)]));
    this.found = new Map([...found].filter(([key, { source }]) => source !== STATE || !isVoid(key, found)));
  }

  isGiven(key: OptionKey): boolean {
    return this.found.get(key)?.answer !== undefined;
  }

  /** By a flag, the environment or the config file: not to be changed at a prompt. */
  isGivenByHand(key: OptionKey): boolean {
    return this.isGiven(key) && this.found.get(key)?.source !== STATE;
  }

  suggestion(key: OptionKey, answers: Answers): Answer | undefined {
    return defaultOf(key, answers, this.gathering);
  }

  asking(option: Option, suggestion: Answer | undefined, answers: Answers): Asking {
    const { key } = option;
    const withAnswer = (answer: Answer): Answers => this.completed({ ...answers, [key]: answer });
    return {
      suggestion,
      withAnswer,
      problem: (tried) => {
        const { answer } = mend(option, tried);
        const problem = wrong(option, answer, answers);
        if (problem !== undefined) return problem;
        const unclear = this.options.filter((other) => other.key !== key && answers[other.key] === undefined);
        const clashes = this.contradictions(withAnswer(answer), new Set(unclear.map((other) => other.key)));
        return clashes.find(({ keys }) => keys.includes(key))?.message;
      },
    };
  }

  /** Goes through all questions once; `conversation` is absent where nobody is asked. */
  async round(echo: Gathering['echo'], conversation?: Conversation): Promise<Outcome> {
    const { stored } = this.gathering;
    const answers: Partial<Record<OptionKey, Answer>> = this.startingPoint(conversation);
    const problems: string[] = [];
    const missing: string[] = [];
    const unclear = new Set<OptionKey>();
    for (const option of this.options) {
      const { key } = option;
      const { problem, answer: written, source = '' } = this.found.get(key) ?? {};
      if (option.when && !option.when(answers)) {
        if (source === flagOf(key)) problems.push(`${source}: ${NO_USE}`);
        delete answers[key];
        continue;
      }
      if (problem !== undefined) {
        problems.push(`${flagOf(key)}: ${problem}`);
        unclear.add(key);
        continue;
      }
      const wanted = !stored.includes(key) || conversation?.isAbout(key);
      if (written === undefined && !wanted) continue;
      const said = await conversation?.answerTo(option, answers);
      // A null of a config file is an answer, and a wrong one.
      const answer = said ?? (written !== undefined ? written : this.suggestion(key, answers));
      const from = said !== undefined ? 'you' : written !== undefined ? source : 'default';
      if (answer === undefined) {
        missing.push(howToGive(option));
        unclear.add(key);
        continue;
      }
      const { answer: kept, note } = mend(option, answer);
      const reason = wrong(option, kept, answers);
      if (reason !== undefined) {
        problems.push(`${flagOf(key)}: ${reason}${origin(option, from)}`);
        unclear.add(key);
      }
      answers[key] = option.type === 'number' ? Number(kept) : kept;
      echo(option, kept, note === undefined ? from : `${from}, ${note}`);
    }
    return { answers, problems, missing, unclear, contradictions: this.contradictions(answers, unclear) };
  }

  /** The answers of a round; throws a usage error with all that is wrong or missing. */
  accepted({ answers, problems, missing, contradictions }: Outcome): Answers {
    const { stage, sources, alsoOtherStage } = this.gathering;
    const all = [...problems, ...contradictions.map(({ label, message }) => `${label}: ${message}`)];
    const isRefused = all.length + missing.length > 0;
    if (isRefused && alsoOtherStage) all.push(...wrongElsewhere(stage, sources));
    if (missing.length > 0) all.push(`missing: ${missing.join('; ')}`);
    if (!isRefused) return answers;
    throw usageError(
      all.join('\n'),
      missing.length > 0
        ? 'Give the missing answers, or run without --yes to be asked.'
        : 'Change the answers named above.',
      missing.length > 0 ? 'MISSING_ANSWERS' : 'BAD_ANSWER',
    );
  }

  /** What does not go together among answers that were given, whatever a person will say to the rest. */
  givenContradictions(answers: Answers): readonly Problem[] {
    const asked = this.options.filter(({ key }) => !this.isGiven(key)).map(({ key }) => key);
    return this.contradictions(answers, new Set(asked));
  }

  /** The questions that have a use with these answers, and that a person may answer otherwise. */
  openOf({ answers }: Outcome): ReadonlySet<OptionKey> {
    const open = this.options.filter(({ key, when }) => !this.isGivenByHand(key) && (when?.(answers) ?? true));
    return new Set(open.map(({ key }) => key));
  }

  private contradictions(answers: Answers, unclear: ReadonlySet<OptionKey>): readonly Problem[] {
    return this.gathering.contradictions?.(answers, unclear) ?? [];
  }

  /** Answers decide about defaults and needs of questions that come before them. */
  private startingPoint(conversation: Conversation | undefined): Partial<Record<OptionKey, Answer>> {
    const answers: Partial<Record<OptionKey, Answer>> = { ...this.gathering.given };
    for (const option of this.options) {
      const { answer, problem } = this.found.get(option.key) ?? {};
      const written = answer === undefined ? problem : mend(option, answer).answer;
      const known = conversation?.before[option.key] ?? written;
      if (known !== undefined && !conversation?.isToChange(option.key)) answers[option.key] = known;
    }
    return answers;
  }

  /** The answers, with the defaults of what is not answered yet. */
  private completed(answers: Answers): Answers {
    let all = answers;
    for (const { key, when } of this.options) {
      if (all[key] !== undefined || (when && !when(all))) continue;
      const suggestion = this.suggestion(key, all);
      if (suggestion !== undefined) all = { ...all, [key]: suggestion };
    }
    return all;
  }
}

/** Whether another answer by hand makes the one in the state a thing of the past. */
const isVoid = (key: OptionKey, found: ReadonlyMap<OptionKey, Found>): boolean =>
  (OPTIONS.find((option) => option.key === key)?.voidedBy ?? []).some((other) => {
    const { answer, source } = found.get(other) ?? {};
    return answer !== undefined && answer !== '' && source !== STATE;
  });

/** What the answer is if nobody gives one. */
export function defaultOf(
  key: OptionKey,
  answers: Answers,
  { fallback, known }: Pick<Gathering, 'fallback' | 'known'>,
): Answer | undefined {
  const usual = OPTIONS.find((option) => option.key === key)?.default;
  return fallback[key] ?? (typeof usual === 'function' ? usual(answers, known) : usual);
}

function howToGive({ key, question, env, file }: Option): string {
  const variables = [...env.slice(0, 1), file?.env ?? []].flat();
  const ways = file ? [...variables, flagOf(key)] : [flagOf(key), ...variables];
  return `${question} (${ways.join(' or ')})`;
}
