import type { Asker, Asking } from '../config/asker.ts';
import { choicesThatFit, JOINT_QUESTIONS, type JointChoice, type JointQuestion } from '../config/joint-questions.ts';
import type { Answer, Answers, Option, OptionKey } from '../config/option.ts';
import { OPTIONS, shown } from '../config/options.ts';
import { type Found, fromFile, fromText } from '../config/sources.ts';
import type { Choice, Question } from '../ui/io.ts';
import type { CommandInput } from './input.ts';
import type { Offers } from './offers.ts';

export interface AskerOptions {
  readonly offers: Offers;
  /** What stands beside a choice: its price. */
  readonly beside?: (key: OptionKey, answers: Answers) => string | undefined;
  /** Whether the person may go through the answers again before anything is done with them. */
  readonly revises?: boolean;
}

/** Types of answers that are read from a file. */
const FILES: readonly Option['type'][] = ['pem', 'pairs', 'json'];

/** No value of a choice begins with it. */
const OTHER = '\0other';

/** Asks the questions of the option table at the terminal. */
export class TerminalAsker implements Asker {
  /** Files that were named instead of what they hold. */
  readonly paths = new Map<OptionKey, string>();
  readonly again: Asker['again'];
  private readonly input: CommandInput;
  private readonly options: AskerOptions;

  constructor(input: CommandInput, options: AskerOptions) {
    this.input = input;
    this.options = options;
    this.again = options.revises ? (answers, open) => this.revise(answers, open) : undefined;
  }

  async one(option: Option, asking: Asking): Promise<Answer> {
    const offer = await this.options.offers[option.key]?.(asking.withAnswer(asking.suggestion ?? ''));
    const choices = offer?.choices ?? this.choicesOf(option, asking);
    const other = offer?.other === undefined ? [] : [{ value: OTHER, name: offer.other }];
    for (;;) {
      const text = choices && (await this.choose(option, [...choices, ...other], asking.suggestion));
      if (text === undefined || text === OTHER) return await this.typed(option, asking, choices);
      const answer = fromText(option, text);
      const problem = asking.problem(answer);
      if (problem === undefined) return answer;
      this.tell(problem);
    }
  }

  async joint(
    { question, help, other }: JointQuestion,
    choices: readonly JointChoice[],
    suggested: JointChoice | undefined,
  ): Promise<JointChoice | undefined> {
    const offered: Choice[] = choices.map(({ name, about }) => ({ value: name, about }));
    if (other !== undefined) offered.push({ value: OTHER, name: other });
    const suggestion = suggested?.name ?? (other === undefined ? undefined : OTHER);
    const name = await this.ask({ message: question, help, choices: offered, suggestion });
    return choices.find((choice) => choice.name === name);
  }

  tell(problem: string): void {
    this.input.io.warn(problem);
  }

  private ask(question: Question): Promise<string> {
    return this.input.io.ask(question, this.input.signal);
  }

  private choose({ question, help, about }: Option, choices: readonly Choice[], suggestion: Answer | undefined) {
    const suggested = choices.some(({ value }) => value === String(suggestion)) ? String(suggestion) : undefined;
    // Where each choice says what it means, the help that lists them all would say it twice.
    return this.ask({ message: question, ...(about ? {} : { help }), choices, suggestion: suggested });
  }

  private choicesOf({ key, type, choices, about }: Option, { withAnswer }: Asking): readonly Choice[] | undefined {
    if (type === 'boolean') return YES_OR_NO;
    return choices?.map((value) => ({
      value,
      beside: this.options.beside?.(key, withAnswer(value)),
      about: about?.[value],
    }));
  }

  /** @param offered what it was chosen to type something else than */
  private async typed(option: Option, asking: Asking, offered: readonly Choice[] = []): Promise<Answer> {
    // Nobody types a certificate, a policy or many lines: their file is asked for.
    const isFile = FILES.includes(option.type);
    const read = (text: string): Found => (isFile ? fromFile(option, text) : { answer: fromText(option, text.trim()) });
    const kept = isFile ? asking.suggestion : undefined;
    const problemOf = (text: string): string | undefined => {
      if (text === '' && kept !== undefined) return undefined;
      if (text.trim() === '' && option.default !== '') return 'an answer is needed here';
      const { answer = '', problem } = read(text);
      return problem ?? asking.problem(answer);
    };
    const suggestion = String(asking.suggestion ?? '');
    const isOffered = offered.some(({ value }) => value === suggestion);
    const text = await this.ask({
      message: option.type === 'pairs' ? `${option.question} (file of ${option.form} lines)` : option.question,
      help: option.help,
      secret: option.secret === true && !isFile,
      suggestion: suggestion === '' || isFile || isOffered ? undefined : suggestion,
      validate: problemOf,
    });
    if (text === '' && kept !== undefined) return kept;
    if (isFile && text !== '') this.paths.set(option.key, text);
    return read(text).answer ?? '';
  }

  /** Shows all answers that may be changed, and gets the questions of one. */
  private async revise(answers: Answers, open: ReadonlySet<OptionKey>): Promise<readonly OptionKey[]> {
    const entries = entriesOf(answers, open);
    const choices = entries.map(({ name }, at) => ({ value: String(at), name }));
    const picked = await this.ask({
      message: 'Change an answer?',
      help: 'Here are all of them: those you were not asked are right for most. Type to find one.',
      choices: [{ value: '', name: 'No, go on' }, ...choices],
      suggestion: '',
    });
    return picked === '' ? [] : (entries[Number(picked)]?.keys ?? []);
  }
}

const YES_OR_NO: readonly Choice[] = [
  { value: 'true', name: 'yes' },
  { value: 'false', name: 'no' },
];

interface Entry {
  readonly name: string;
  readonly keys: readonly OptionKey[];
}

/** "Number of tasks: 1 to 10": every question that may be asked again, with its answer. */
function entriesOf(answers: Answers, open: ReadonlySet<OptionKey>): Entry[] {
  return OPTIONS.filter(({ key }) => open.has(key)).flatMap((option): Entry[] => {
    const joint = JOINT_QUESTIONS.find(({ keys }) => keys.includes(option.key));
    const keys = joint?.keys.filter((key) => open.has(key)) ?? [option.key];
    if (keys[0] !== option.key) return [];
    return [
      { name: `${(joint ?? option).question}: ${joint ? jointText(joint, answers) : text(option, answers)}`, keys },
    ];
  });
}

function jointText(joint: JointQuestion, answers: Answers): string {
  const [choice] = choicesThatFit(joint, answers);
  const parts = OPTIONS.filter(({ key }) => joint.keys.includes(key));
  return choice?.name ?? parts.map((option) => `${option.question.toLowerCase()} ${text(option, answers)}`).join(', ');
}

function text(option: Option, answers: Answers): string {
  const answer = answers[option.key];
  if (answer === undefined) return option.secret ? 'as stored' : 'none';
  if (option.type === 'boolean') return answer ? 'yes' : 'no';
  return answer === '' && !option.show ? 'none' : shown(option, answer);
}
