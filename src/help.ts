import { type Command, Option as Flag } from 'commander';
import type { Option } from './config/option.ts';
import { flagOf } from './config/options.ts';

/** What to type, and what it is good for. */
type Example = readonly [command: string, purpose: string];

/** Two real ones for each command that people see, by its full name. */
export const EXAMPLES: Readonly<Record<string, readonly [Example, Example]>> = {
  init: [
    ['init', 'be asked everything, and see plan and price before anything is created'],
    [
      'init --yes --stack prod --region eu-west-1 --temporal-address prod.a1b2c.tmprl.cloud:7233 --temporal-namespace prod.a1b2c --temporal-api-key-file key.txt',
      'the same without questions, in CI',
    ],
  ],
  plan: [
    ['plan --stack prod', 'see what init would create, change or replace'],
    ['plan --config prod.json --detailed-exitcode', 'in CI: 0 nothing to do, 2 something to do'],
  ],
  doctor: [
    ['doctor', 'whether the account has room for the stack, and Temporal answers'],
    ['doctor --stack prod --config prod.json --json', 'in CI: exit code 1 when something is in the way'],
  ],
  cost: [
    ['cost --network public --spot-weight 1 --on-demand-weight 0', 'what the smallest bill would be'],
    ['cost --stack prod --refresh', 'the bill of a stack at the present prices'],
  ],
  deploy: [
    ['deploy --worker-dir ./worker', 'a change of your code, in a minute'],
    ['deploy --stack prod --image-from-stack dev', 'the very image that stack dev runs, without a build'],
  ],
  history: [
    ['history', 'what runs, what ran before, and who deployed it'],
    ['history --stack prod --json', 'the same for a program'],
  ],
  rollback: [
    ['rollback', 'back to what worked before'],
    ['rollback --stack prod --to 12', 'to this revision, whatever came after it'],
  ],
  pause: [
    ['pause', 'stop paying for tasks overnight'],
    ['pause --stack prod --worker orders', 'one worker of several'],
  ],
  resume: [
    ['resume', 'start the tasks again, and see that they poll'],
    ['resume --stack prod --worker orders', 'one worker of several'],
  ],
  trigger: [
    [`trigger --input '{"message":"hello"}'`, 'run MessageWorkflow once and see its result'],
    [`trigger --workflow OrderWorkflow --input '[1,2]' --count 20 --timeout 300`, 'twenty of your own, side by side'],
  ],
  status: [
    ['status', 'what runs in stack dev, and whether it polls'],
    ['status --stack prod --watch', 'go on showing it, until Ctrl-C'],
  ],
  logs: [
    ['logs --follow', 'go on showing what the workers write'],
    ['logs --stack prod --since 2h --task 0f3a9c12 --filter error', 'errors of one task in the last two hours'],
  ],
  list: [
    ['list', 'every stack of the account, in all its regions'],
    ['list --region eu-west-1 --json', 'those of one region, for a program'],
  ],
  destroy: [
    ['destroy', 'take the stack down; its data and the state stay'],
    ['destroy --yes --stack pr-17 --delete-data --purge --confirm pr-17', 'in CI, down to the last trace'],
  ],
  policy: [
    ['policy --for init,destroy --stack dev --out policies', 'what the operator of stack dev needs, as files'],
    [
      'policy --boundary --account 123456789012 --region eu-west-1',
      'what an administrator makes first, for all stacks',
    ],
  ],
  unlock: [
    ['unlock', 'see who holds the lock, and be asked whether to break it'],
    ['unlock --stack prod --yes', 'break it without a question'],
  ],
  'state list': [
    ['state list', 'every stack of this account and region'],
    ['state list --region eu-west-1 --json', 'of another region, for a program'],
  ],
  'state create': [
    ['state create --region eu-west-1', 'once, by who may; others need no permission for it then'],
    ['state create --profile admin --json', 'the same for a program'],
  ],
  'state show': [
    ['state show --stack prod', 'what is on record'],
    ['state show --version-id 3sL4kqtJlcpXroDTDmJ --json', 'an earlier document as it is'],
  ],
  'state versions': [
    ['state versions', 'who wrote the state, and when'],
    ['state versions --stack prod --json', 'the same for a program'],
  ],
  'state restore': [
    ['state restore', 'go back to the newest version that can be read'],
    ['state restore --stack prod --version-id 3sL4kqtJlcpXroDTDmJ --yes', 'to this one, without a question'],
  ],
  'state discard': [
    ['state discard', 'set a damaged document aside'],
    ['state discard --stack prod --yes --confirm prod', 'without a question'],
  ],
  'ci github': [
    ['ci github', 'deploy pushes to main of the repository of this folder'],
    [
      'ci github --stack prod --repo acme/orders --environment production --worker-dir worker',
      'from an environment that somebody approves, with a worker of your own',
    ],
  ],
  'worker init': [
    ['worker init', 'a worker of your own in ./worker, with tests and a build'],
    ['worker init services/orders', 'in another folder, whose name becomes that of the package'],
  ],
  'worker dev': [
    ['worker dev', 'run ./worker on the sandbox that "sandbox start" has started'],
    ['worker dev --worker-dir services/orders --task-queue orders', 'another one, on a queue of its own'],
  ],
  'sandbox start': [
    ['sandbox start', 'then try everything with --sandbox'],
    [
      'sandbox start --temporal-auth api-key --strict off',
      'with a Temporal server that asks for a key, and a friendly AWS',
    ],
  ],
  'sandbox stop': [
    ['sandbox stop', 'end it and what runs in it'],
    ['sandbox stop --json', 'and tell a program whether there was one'],
  ],
  'sandbox status': [
    ['sandbox status', 'where AWS and Temporal are, and how to connect'],
    ['sandbox status --json', 'the same for a program; exit code 1 when none runs'],
  ],
  'sandbox interrupt': [
    ['sandbox interrupt 0f3a9c12', 'see how a running workflow goes on with another task'],
    ['sandbox interrupt --all --shortage 60', 'only what runs on demand is left, for a minute'],
  ],
  'sandbox load': [
    ['sandbox load 35x4,150x6,0x40', 'out by one task, then by two, and in again, in two minutes'],
    ['sandbox load 400x20 --stack prod --worker orders --json', 'one worker of several at its maximum, for a program'],
  ],
  'sandbox install': [
    ['sandbox install', 'before a journey: everything after it needs no network'],
    ['sandbox install --quiet', 'in the build of a CI image'],
  ],
};

/** Heading of the flags that every command takes. */
const EVERYWHERE = 'With every command:';

/** The flags themselves; docs/commands.md has them too. */
export const COMMON_FLAGS: readonly (readonly [flag: string, description: string])[] = [
  ['--sandbox', 'use the AWS emulator and Temporal server on this machine'],
  ['--yes', 'ask nothing: take the given answers, and the defaults for the rest'],
  ['--json', 'newline-delimited JSON on standard output'],
  ['--quiet', 'on standard error only what went wrong'],
  ['--debug', 'show every AWS call, and stacks of errors'],
];

/** Adds the flags that every command takes, and the command's examples. */
export function addCommonHelp(command: Command, fullName: string): void {
  for (const [flag, description] of COMMON_FLAGS) command.addOption(new Flag(flag, description).helpGroup(EVERYWHERE));
  command.addHelpOption(new Flag('-h, --help', 'show this').helpGroup(EVERYWHERE));
  const examples = EXAMPLES[fullName] ?? [];
  const lines = examples.flatMap(([text, purpose]) => [`  # ${purpose}`, `  temporal-fargate ${text}`]);
  if (lines.length > 0) command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/** The flag of a question, under the heading of its kind. */
export function helpOfAnswer(option: Option, heading: string): Flag {
  const { question, help, env, file, default: usual } = option;
  const asked = question.endsWith('?') ? question : `${question}${file ? ', from a file; "-" is standard input' : ''}.`;
  const notes = [
    ...(typeof usual === 'function' || usual === undefined || usual === '' ? [] : [`default: ${usual}`]),
    `env: ${[...env, file?.env ?? []].flat().join(' or ')}`,
  ];
  return new Flag(`${flagOf(option.key)} ${placeholderOf(option)}`, `${asked} ${help} (${notes.join(', ')})`).helpGroup(
    heading,
  );
}

/** The flag of a file of pairs, after the flag of the pairs themselves. */
export const helpOfPairsFile = (
  { key }: Option,
  { flag, env }: NonNullable<Option['pairsFile']>,
  heading: string,
): Flag =>
  new Flag(
    `${flag} <path>`,
    `File of such lines; "-" is standard input. ${flagOf(key)} wins over it. (env: ${env})`,
  ).helpGroup(heading);

function placeholderOf({ type, choices, file, form }: Option): string {
  if (file) return '<path>';
  if (form) return `<${form}>`;
  if (type === 'boolean') return '[true|false]';
  return choices ? `<${choices.join('|')}>` : `<${type}>`;
}
