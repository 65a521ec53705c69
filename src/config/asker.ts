import type { JointChoice, JointQuestion } from './joint-questions.ts';
import type { Answer, Answers, Option, OptionKey } from './option.ts';

/** Whoever asks a person; a terminal outside of tests. */
export interface Asker {
  one(option: Option, asking: Asking): Promise<Answer>;
  /** @returns one of the choices, or `undefined` where each question is to be asked by itself */
  joint(
    question: JointQuestion,
    choices: readonly JointChoice[],
    suggested: JointChoice | undefined,
  ): Promise<JointChoice | undefined>;
  /** Asked when all is answered, as long as it names questions. Absent: nothing is asked again. */
  readonly again?: ((answers: Answers, open: ReadonlySet<OptionKey>) => Promise<readonly OptionKey[]>) | undefined;
  /** Two answers do not go together; the questions are asked again. */
  tell(problem: string): void;
}

/** What there is to know about a question when it is asked. */
export interface Asking {
  readonly suggestion: Answer | undefined;
  /** All answers, were this one taken: those of questions to come are their defaults. */
  withAnswer(answer: Answer): Answers;
  /** Why this answer cannot be taken, in one sentence: by itself, or with the others. */
  problem(answer: Answer): string | undefined;
}
