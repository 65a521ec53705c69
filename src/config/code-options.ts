import type { OptionKey } from './option.ts';

/** The questions about what a worker runs; all others are about what it runs on. `deploy` takes no others. */
export const CODE_KEYS: readonly OptionKey[] = [
  'baseImage',
  'image',
  'workerDir',
  'workerSource',
  'docker',
  'allowInstallScripts',
];
