import { ACTIVITY_OPTIONS } from './activity-options.ts';
import { EXTRAS_OPTIONS } from './extras-options.ts';
import { NETWORK_OPTIONS } from './network-options.ts';
import type { Answer, Option, OptionKey } from './option.ts';
import { TEMPORAL_OPTIONS } from './temporal-options.ts';
import { WHERE_OPTIONS } from './where-options.ts';
import { WORKER_OPTIONS } from './worker-options.ts';

/** The questions by what they are about, in the order in which they are asked; the help has these headings. */
export const OPTION_GROUPS: readonly { readonly heading: string; readonly options: readonly Option[] }[] = [
  { heading: 'Which stack:', options: WHERE_OPTIONS },
  { heading: 'Temporal:', options: TEMPORAL_OPTIONS },
  { heading: 'Network:', options: NETWORK_OPTIONS },
  { heading: 'Worker:', options: WORKER_OPTIONS },
  { heading: 'What your activities need:', options: ACTIVITY_OPTIONS },
  { heading: 'What your organization asks for:', options: EXTRAS_OPTIONS },
];

/** Every question, once: flags, environment, prompts, `--yes`, the config file and the help come from this table. */
export const OPTIONS: readonly Option[] = OPTION_GROUPS.flatMap(({ options }) => options);

/** "temporalAddress" -> "--temporal-address" */
export const flagOf = (key: OptionKey): string =>
  OPTIONS.find((option) => option.key === key)?.file?.flag ?? plainFlagOf(key);

/** The flag that would take the answer itself, although secrets have none such. */
export const plainFlagOf = (key: OptionKey): string =>
  `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** What a person may see of an answer. */
export const shown = (option: Option, answer: Answer): string =>
  option.show?.(answer) ?? (option.secret ? '********' : String(answer));
