/** What a policy can be printed for: the commands that ask AWS, and all of them together. */
export const POLICY_COMMANDS = [
  'init',
  'plan',
  'doctor',
  'cost',
  'deploy',
  'history',
  'rollback',
  'pause',
  'resume',
  'trigger',
  'status',
  'logs',
  'list',
  'destroy',
  'unlock',
  'state',
  'all',
] as const;

export type PolicyCommand = (typeof POLICY_COMMANDS)[number];
