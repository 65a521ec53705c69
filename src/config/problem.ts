import type { OptionKey } from './option.ts';

/** What is wrong with a config, told so that a person knows which answers to change. */
export interface Problem {
  /** The answers to change. */
  readonly keys: readonly OptionKey[];
  /** "--cpu and --memory", or the place in the config when no answer leads there. */
  readonly label: string;
  readonly message: string;
  /** Set where there are several and it is about one. */
  readonly worker?: string | undefined;
}
