/** What some words mean; both sentences may take up a part of them. */
export interface Rule {
  readonly words: RegExp;
  readonly cause: string | ((found: RegExpExecArray) => string);
  readonly fix: string | ((found: RegExpExecArray) => string);
}
