import type { Asker, Asking } from './asker.ts';
import { choicesThatFit, type JointQuestion, jointQuestionOf } from './joint-questions.ts';
import type { Answer, Answers, Option, OptionKey } from './option.ts';

/** What a conversation asks about the answers so far. */
export interface Knowledge {
  isGiven(key: OptionKey): boolean;
  suggestion(key: OptionKey, answers: Answers): Answer | undefined;
  asking(option: Option, suggestion: Answer | undefined, answers: Answers): Asking;
}

/** What a person was asked, and said, in one or more rounds through the questions. */
export class Conversation {
  private readonly asker: Asker;
  private readonly knowledge: Knowledge;
  private readonly said = new Map<OptionKey, Answer>();
  /** To be asked whatever was said or given, with what was the answer. */
  private readonly toChange = new Map<OptionKey, Answer | undefined>();
  /** Joint questions of this round, and those of their keys that are asked one by one. */
  private readonly askedJointly = new Set<JointQuestion>();
  private readonly askedSingly = new Set<OptionKey>();
  /** All answers of the round before. */
  before: Answers = {};

  constructor(asker: Asker, knowledge: Knowledge) {
    this.asker = asker;
    this.knowledge = knowledge;
  }

  /** Another round, in which these questions are asked again. */
  reopen(keys: readonly OptionKey[], answers: Answers): void {
    this.before = answers;
    this.askedJointly.clear();
    this.askedSingly.clear();
    for (const key of keys) {
      this.said.delete(key);
      this.toChange.set(key, answers[key]);
    }
  }

  isToChange(key: OptionKey): boolean {
    return this.toChange.has(key);
  }

  /** Whether the person has answered it, or wants to. */
  isAbout(key: OptionKey): boolean {
    return this.said.has(key) || this.toChange.has(key);
  }

  /** What a person says; `undefined` when there is no need to ask: it is given, or its default will do. */
  async answerTo(option: Option, answers: Answers): Promise<Answer | undefined> {
    const { key } = option;
    const joint = jointQuestionOf(key);
    if (joint && this.isOpen(key)) await this.askJointly(joint, answers);
    if (!this.isOpen(key)) return this.said.get(key);
    const suggestion = this.suggestion(key, answers);
    if (suggestion !== undefined && !this.isWanted(option, answers)) return undefined;
    const answer = await this.asker.one(option, this.knowledge.asking(option, suggestion, answers));
    this.take(key, answer);
    return answer;
  }

  private isOpen(key: OptionKey): boolean {
    return this.toChange.has(key) || !(this.said.has(key) || this.knowledge.isGiven(key));
  }

  private suggestion(key: OptionKey, answers: Answers): Answer | undefined {
    return this.toChange.get(key) ?? this.knowledge.suggestion(key, answers);
  }

  private isWanted(option: Option, answers: Answers): boolean {
    if (this.toChange.has(option.key) || this.askedSingly.has(option.key)) return true;
    // A part of a joint question is not asked by itself unless the person wants that.
    if (jointQuestionOf(option.key)) return false;
    return !(typeof option.onRequest === 'function' ? option.onRequest(answers) : option.onRequest);
  }

  private async askJointly(joint: JointQuestion, answers: Answers): Promise<void> {
    const open = joint.keys.filter((key) => this.isOpen(key));
    if (this.askedJointly.has(joint) || (joint.onRequest && !open.some((key) => this.toChange.has(key)))) return;
    this.askedJointly.add(joint);
    const settled = withoutKeys(answers, open);
    const choices = choicesThatFit(joint, settled);
    if (choices.length === 0 || (choices.length === 1 && joint.other === undefined)) return;
    let suggested = settled;
    for (const key of open) suggested = { ...suggested, [key]: this.suggestion(key, suggested) };
    const choice = await this.asker.joint(joint, choices, choicesThatFit(joint, suggested)[0]);
    for (const key of open) {
      const answer = choice?.answers[key];
      if (answer === undefined) this.askedSingly.add(key);
      else this.take(key, answer);
    }
  }

  private take(key: OptionKey, answer: Answer): void {
    this.said.set(key, answer);
    this.toChange.delete(key);
  }
}

const withoutKeys = (answers: Answers, keys: readonly OptionKey[]): Answers =>
  Object.fromEntries(Object.entries(answers).filter(([key]) => !keys.includes(key as OptionKey)));
