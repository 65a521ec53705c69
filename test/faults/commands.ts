const INIT = ['init', '--yes', '--verify', 'health'];

/** What a stack lives through, and what its worker's code is meanwhile. */
export const COMMANDS = {
  init: { args: INIT, code: 'First version' },
  /** A setting of every kind that is changed in place: of the network, of the tasks, of the scaling. */
  update: {
    args: [
      ...INIT,
      ...['--egress-ports', '7233', '--memory', '4096'],
      ...['--max-tasks', '5', '--scale-out-at', '40', '--log-retention-days', '14'],
    ],
    code: 'First version',
  },
  deploy: { args: ['deploy', '--yes', '--verify', 'health'], code: 'Second version' },
  /** Another range of addresses takes the whole network anew, and what is in it. */
  replace: { args: [...INIT, '--cidr', '10.1.0.0/16', '--allow-replace'], code: 'First version' },
  destroy: { args: ['destroy', '--yes', '--purge', '--delete-data', '--confirm', 'dev'], code: 'First version' },
  /** As above, and the secret may be restored for a while. */
  'destroy-gently': { args: ['destroy', '--yes'], code: 'First version' },
} as const;

export type CommandName = keyof typeof COMMANDS;

/** In the order of their doing. A stack goes through one of the two. */
export const LIVES = {
  changed: ['init', 'update', 'deploy', 'destroy'],
  moved: ['init', 'replace', 'destroy'],
} as const satisfies Record<string, readonly CommandName[]>;

export type Life = keyof typeof LIVES;
