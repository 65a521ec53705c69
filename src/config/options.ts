import { NETWORK_OPTIONS } from './network-options.ts';
import type { Answer, Option, OptionKey } from './option.ts';
import { TEMPORAL_OPTIONS } from './temporal-options.ts';
import { WHERE_OPTIONS } from './where-options.ts';
import { WORKER_OPTIONS } from './worker-options.ts';

/** Every question, once: flags, environment, prompts, `--yes`, the config file and the help come from this table. */
export const OPTIONS: readonly Option[] = [
  ...WHERE_OPTIONS,
  ...TEMPORAL_OPTIONS,
  ...NETWORK_OPTIONS,
  ...WORKER_OPTIONS,
];

/** "temporalAddress" -> "--temporal-address" */
export const flagOf = (key: OptionKey): string =>
  OPTIONS.find((option) => option.key === key)?.file?.flag ?? plainFlagOf(key);

/** The flag that would take the answer itself, although secrets have none such. */
export const plainFlagOf = (key: OptionKey): string =>
  `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** What a person may see of an answer. */
export const shown = (option: Option, answer: Answer): string =>
  option.show?.(answer) ?? (option.secret ? '********' : String(answer));
