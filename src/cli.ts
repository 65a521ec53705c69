import { Command } from 'commander';
import {
  addAnswers,
  onlyWorkerFlag,
  sandboxAuthFlag,
  type Takes,
  toFlags,
  verifyFlag,
  WHERE,
  workerFlag,
} from './cli-flags.ts';
import type { Flags } from './commands/input.ts';
import { CODE_KEYS } from './config/code-options.ts';
import { addCommonHelp } from './help.ts';
import { explainUsage } from './usage.ts';

/** A command of the program, loaded only when it is called. */
export interface Call {
  readonly flags: Flags;
  /** Name of the command as it was typed, for messages: "sandbox start". */
  readonly name: string;
  readonly load: () => Promise<(input: import('./commands/input.ts').CommandInput) => Promise<number>>;
}

type Loader = Call['load'];

/** The command line. `run` is called with the command that was asked for. */
export function buildProgram(version: string, run: (call: Call) => Promise<void>): Command {
  const program = new Command('temporal-fargate')
    .description('Temporal workers on ECS Fargate, Spot first.')
    .version(version);
  // Help lists flags in the order in which they are added: a command's own come first.
  const finish: (() => void)[] = [];

  const add = (
    parent: Command,
    name: string,
    description: string,
    takes: Takes,
    load: Loader,
    options: { hidden?: boolean } = {},
  ): Command => {
    const command = parent.command(name, options).description(description);
    const full = parent === program ? name : `${parent.name()} ${name}`;
    finish.push(() => {
      addAnswers(command, takes);
      addCommonHelp(command, full);
    });
    return command.action(async () => {
      // Words that are no flags come under the names that the command gives them.
      const words = Object.fromEntries(command.registeredArguments.map((word, n) => [word.name(), command.args[n]]));
      const flags = toFlags(command.opts());
      await run({ name: full, flags: { ...flags, own: { ...flags.own, ...words } }, load });
    });
  };

  add(
    program,
    'init',
    'create the stack, or make it what the answers say',
    'everything',
    async () => (await import('./commands/init.ts')).init,
  )
    .option('--allow-replace', 'with --yes: also replace or delete things')
    .option('--skip-checks', 'do not check the account first (see doctor), for credentials that may not look')
    .addOption(workerFlag())
    .addOption(verifyFlag());
  add(program, 'plan', 'show what init would do', 'everything', async () => (await import('./commands/plan.ts')).plan)
    .option('--detailed-exitcode', 'exit with 2 when there is something to do')
    .option('--skip-code', 'build nothing: look only at what the workers run on')
    .addOption(workerFlag())
    .addOption(verifyFlag());
  add(
    program,
    'doctor',
    'check account and Temporal server, before anything is created',
    'everything',
    async () => (await import('./commands/doctor.ts')).doctor,
  ).addOption(workerFlag());
  add(
    program,
    'cost',
    'show the monthly bill by line, before anything is created',
    'everything',
    async () => (await import('./commands/cost.ts')).cost,
  )
    .option('--refresh', 'read the present prices from AWS, and fall back to the built-in table')
    .addOption(workerFlag());
  add(
    program,
    'deploy',
    'build what the workers run, and roll it out; nothing else is changed',
    [...WHERE, ...CODE_KEYS],
    async () => (await import('./commands/deploy.ts')).deploy,
  )
    .option('--image-from-stack <name>', 'build nothing: run the images that this stack runs')
    .addOption(onlyWorkerFlag())
    .option('--skip-checks', 'do not check the credentials first')
    .addOption(verifyFlag());
  add(
    program,
    'history',
    'show what was deployed, by whom and how it ended',
    'where',
    async () => (await import('./commands/history.ts')).history,
  ).addOption(onlyWorkerFlag());
  add(
    program,
    'rollback',
    'give a worker an earlier revision again, as it was',
    'where',
    async () => (await import('./commands/rollback.ts')).rollback,
  )
    .option('--to <revision>', 'its number, from "history" (default: the last one before that has worked)')
    .addOption(onlyWorkerFlag())
    .option('--skip-checks', 'do not check the credentials first')
    .addOption(verifyFlag());
  add(
    program,
    'pause',
    'stop all tasks and their scaling, and show what goes on costing money',
    'where',
    async () => (await import('./commands/pause.ts')).pause,
  ).addOption(onlyWorkerFlag());
  add(program, 'resume', 'end a pause', 'where', async () => (await import('./commands/resume.ts')).resume)
    .addOption(onlyWorkerFlag())
    .option('--skip-checks', 'do not check the credentials first')
    .addOption(verifyFlag());
  add(
    program,
    'trigger',
    'run a workflow on the deployed worker and show its result',
    [...WHERE, 'taskQueue'],
    async () => (await import('./commands/trigger.ts')).trigger,
  )
    .option('--worker <name>', 'of several workers, the one whose task queue it is (default: the first)')
    .option('--workflow <type>', 'workflow type (default: MessageWorkflow)')
    .option('--input <json>', 'its input, as JSON')
    .option('--count <n>', 'how many to run side by side (default: 1)')
    .option('--workflow-id <id>', 'its id, or the stem of several (default: random)')
    .option('--timeout <seconds>', 'how long a workflow may take (default: 60)');
  add(
    program,
    'status',
    'show what runs and whether it polls',
    'where',
    async () => (await import('./commands/status.ts')).status,
  ).option('--watch', 'look again every 5 s until Ctrl-C');
  add(program, 'logs', 'show what the workers wrote', 'where', async () => (await import('./commands/logs.ts')).logs)
    .option('--worker <name>', 'only those of this worker')
    .option('--follow', 'go on until Ctrl-C')
    .option('--since <when>', 'how far back: 15m, 2h, 1d, or a time (default: 60m)')
    .option('--filter <pattern>', "only what fits CloudWatch's filter pattern: error, '{ $.level = \"error\" }'")
    .option('--task <id>', 'only this task: its id, or the beginning of it')
    .option('--lines <n>', 'at most this many to begin with (default: 100)');
  add(
    program,
    'list',
    'list the stacks of the account, in all regions or in that of --region',
    ['profile', 'region'],
    async () => (await import('./commands/list.ts')).list,
  );
  add(
    program,
    'destroy',
    'take everything down and prove that nothing is left',
    'where',
    async () => (await import('./commands/destroy.ts')).destroy,
  )
    .option('--delete-data', 'also delete what the workers have written')
    .option('--purge', 'also skip the recovery window of the secret, and remove the state')
    .option('--delete-state-bucket', 'also delete the state bucket, when no other stack is in it')
    .option('--confirm <stack>', 'with --yes: the name of the stack, for what cannot be undone');
  add(
    program,
    'policy',
    'print the IAM policies that these commands need, and the permissions boundary of the roles',
    ['profile', 'region', 'permissionsBoundary'],
    async () => (await import('./commands/policy.ts')).policy,
  )
    .option('--for <commands>', 'init, deploy, destroy, trigger, status, ...: several with commas (default: all)')
    .option('--stack <name>', 'for this stack and no other (default: for every stack of the account and region)')
    .option('--account <id>', 'of this account, without asking AWS')
    .option(
      '--uses <arns>',
      'what the stack uses of others: VPC, secrets, ECR repositories, KMS keys, managed policies',
    )
    .option('--boundary', 'print the boundary, and what an administrator does once')
    .option('--out <dir>', 'write each into a file of this folder');
  add(
    program,
    'unlock',
    'show who holds the lock of a stack, and break it',
    'where',
    async () => (await import('./commands/unlock.ts')).unlock,
  );

  const state = program.command('state').description('look at the state of stacks, and mend it');
  add(
    state,
    'list',
    'list the stacks of this account and region',
    'where',
    async () => (await import('./commands/state.ts')).stateList,
  );
  add(
    state,
    'create',
    'make the state bucket of this account and region; init does it, where it may',
    ['profile', 'region'],
    async () => (await import('./commands/state.ts')).stateCreate,
  );
  add(
    state,
    'show',
    'show the state document',
    'where',
    async () => (await import('./commands/state.ts')).stateShow,
  ).option('--version-id <id>', 'an earlier version, from "state versions"');
  add(
    state,
    'versions',
    'list the stored versions of the state document',
    'where',
    async () => (await import('./commands/state.ts')).stateVersions,
  );
  add(
    state,
    'restore',
    'make an earlier version the current one',
    'where',
    async () => (await import('./commands/state.ts')).stateRestore,
  ).option('--version-id <id>', 'the version, from "state versions" (default: the newest that can be read)');
  add(
    state,
    'discard',
    'set a damaged document aside; the stack is then found by its tags',
    'where',
    async () => (await import('./commands/state.ts')).stateDiscard,
  ).option('--confirm <stack>', 'with --yes: the name of the stack');

  const worker = program.command('worker').description('write a worker of your own, and run it on this machine');
  add(
    worker,
    'init',
    'copy the sample worker into a folder, to begin with',
    [],
    async () => (await import('./commands/worker-init.ts')).workerInit,
  ).argument('[dir]', 'the folder (default: worker)');
  add(
    worker,
    'dev',
    'run a worker on the sandbox, and again after every change of its sources',
    ['stack', 'taskQueue', 'workerDir'],
    async () => (await import('./commands/worker-dev.ts')).workerDev,
  );

  const ci = program.command('ci').description('deploy from a CI service, without keys');
  add(
    ci,
    'github',
    'let the workflows of one GitHub repository plan and deploy the stack',
    [...WHERE, 'workerDir'],
    async () => (await import('./commands/ci-github.ts')).ciGithub,
  )
    .option('--repo <owner/name>', 'the repository (default: that of this folder)')
    .option('--branch <name>', 'the branch whose pushes are deployed (default: main)')
    .option('--environment <name>', 'the environment of GitHub in which the deploying job runs')
    .option('--config <file>', 'config file in the repository, for the plans of pull requests')
    .option('--image-from-stack <name>', 'deploy the images that this stack runs, when the workflow is started by hand')
    .option('--repository-id <number>', 'what GitHub would answer for the repository, where it cannot be asked')
    .option('--owner-id <number>', 'the same for its owner')
    .option('--remove', 'take the roles and the workflow file back');
  const sandbox = program.command('sandbox').description('AWS emulator and Temporal server on this machine');
  add(sandbox, 'start', 'start them', [], async () => (await import('./commands/sandbox.ts')).sandboxStart)
    .option('--delay <seconds>', 'how long what takes time in AWS takes here (default: 1)')
    .option('--strict <on|off|name=seconds,...>', "AWS's lags and refusals, all or one by one (default: on)")
    .addOption(sandboxAuthFlag())
    .option('--temporal-tls', 'the Temporal server speaks TLS, as it always does with api-key and mtls');
  add(
    sandbox,
    'stop',
    'stop them and remove all they made',
    [],
    async () => (await import('./commands/sandbox.ts')).sandboxStop,
  );
  add(sandbox, 'status', 'show whether they run', [], async () => (await import('./commands/sandbox.ts')).sandboxShow);
  add(
    sandbox,
    'interrupt',
    'take the Spot capacity of a task back, as AWS does',
    [],
    async () => (await import('./commands/sandbox-interrupt.ts')).sandboxInterrupt,
  )
    .argument('[task]', 'its id, or the beginning of it as status shows it')
    .option('--any', 'one of the tasks on Spot')
    .option('--all', 'all of them')
    .option('--warning <seconds>', 'from SIGTERM to SIGKILL (default: the stop timeout of the worker, at most 120)')
    .option('--shortage <seconds>', 'Spot has no capacity for so long: nothing takes their place');
  add(
    sandbox,
    'load',
    'say what the tasks of a worker use, and see what alarms and auto scaling make of it',
    ['stack'],
    async () => (await import('./commands/sandbox-load.ts')).sandboxLoad,
  )
    .argument('<series>', 'percents of one task, which all share, minute by minute: 35x2,150x5,0x20')
    .option('--worker <name>', 'of several workers, the one that is loaded (default: worker)');
  // Not for people: the process in front of the Temporal server that `sandbox start --temporal-auth` starts.
  add(
    sandbox,
    'temporal-front',
    'serve TLS in front of a Temporal server',
    [],
    async () => (await import('./commands/temporal-front.ts')).temporalFront,
    { hidden: true },
  )
    .requiredOption('--backend <host:port>', 'the plain server')
    .requiredOption('--folder <path>', 'certificates and accepted keys')
    .addOption(sandboxAuthFlag());
  add(
    sandbox,
    'install',
    'download what they need, once',
    [],
    async () => (await import('./commands/sandbox.ts')).sandboxInstall,
  );
  for (const add of finish) add();
  explainUsage(program);
  return program;
}
