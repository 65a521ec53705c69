import { beforeEach, describe, expect, it } from 'vitest';
import { countable } from '../helpers/inventory.ts';
import { answerQuestions, CTRL_C, ENTER, type Script, type Terminal } from '../helpers/terminal.ts';
import { API_KEY, DESTROY, INIT, useCliStage } from './stage.ts';

const stage = useCliStage();
const { emulator } = stage;
beforeEach(() => emulator.reset());

/** What a person at a terminal has in the environment: credentials, no answers. */
const open = (args: readonly string[]) =>
  stage.open(args, { TEMPORAL_ADDRESS: undefined, TEMPORAL_API_KEY: undefined, CI: undefined });

const UP = '\x1b[A';

/** Every question of `init` about a new stack on a server that takes an API key, and what is typed. */
const ANSWERS: Script = [
  ['Name of the stack', ENTER],
  // The suggestion of an emulator on this machine is the last choice; this is the first.
  ['Temporal server', `${UP}${UP}${UP}${ENTER}`],
  ['Address of the Temporal server', `127.0.0.1:1${ENTER}`],
  ['Temporal namespace', ENTER],
  ['Temporal API key', `${API_KEY}${ENTER}`],
  ["CA that signed the server's certificate", ENTER],
  ['Network', ENTER],
  ['Task queue', ENTER],
  ['Size of a task', ENTER],
  ['Spot or on demand', ENTER],
  ['Number of tasks', ENTER],
  ['Change an answer?', ENTER],
];

async function answerAll(terminal: Terminal): Promise<void> {
  await answerQuestions(terminal, ANSWERS);
  await terminal.see('Plan: 25 to create.');
  expect(await terminal.question()).toBe('Go on? (Y/n)');
}

describe('init at a terminal', () => {
  it('asks, shows the plan, and creates after a yes; the typed API key is never shown', async () => {
    const before = await emulator.inventory();
    const terminal = open(['init', '--verify', 'health']);
    await answerAll(terminal);
    expect(await stage.changes()).toEqual([]);
    terminal.type(ENTER);
    await terminal.see('Stack dev is up');
    await answerQuestions(terminal, [['Write the answers to temporal-fargate.json', `n${ENTER}`]]);
    expect(await terminal.ended).toBe(0);
    expect(terminal.screen()).toContain('✔ VPC created: vpc-');
    expect(terminal.raw()).not.toContain(API_KEY);
    expect(terminal.screen()).toContain('*'.repeat(API_KEY.length));

    const again = open([...INIT]);
    expect(await again.ended).toBe(0);
    expect(again.screen()).toContain('Nothing was changed.');

    const destroy = open(['destroy', '--purge', '--delete-data', '--delete-state-bucket']);
    await destroy.see('Type the name of the stack to destroy it (dev)');
    destroy.type(`dev${ENTER}`);
    expect(await destroy.ended).toBe(0);
    expect(destroy.screen()).toContain('0 left');
    expect(countable(await emulator.inventory())).toEqual(countable(before));
  });

  it('creates nothing when the plan is declined, and exits with 1', async () => {
    const terminal = open(['init', '--verify', 'health']);
    await answerAll(terminal);
    terminal.type(`n${ENTER}`);
    expect(await terminal.ended).toBe(1);
    expect(terminal.screen()).toContain('Nothing was changed.');
    expect(await stage.changes()).toEqual([]);
  });

  it('says what is wrong with an answer and asks again', async () => {
    const terminal = open(['init', '--verify', 'health']);
    await answerQuestions(terminal, ANSWERS.slice(0, 2));
    expect(await terminal.question()).toBe('Address of the Temporal server');
    terminal.type(`ftp://nowhere${ENTER}`);
    await terminal.see('"ftp://nowhere" is not of the form host or host:port');
    terminal.type(CTRL_C);
    expect(await terminal.ended).toBe(130);
    expect(await stage.changes()).toEqual([]);
  });

  it('asks for what AWS does not list with these credentials, and says why', async () => {
    const message = 'You are not authorized to perform this operation.';
    for (const operation of ['DescribeAvailabilityZones', 'DescribeVpcs']) {
      await emulator.fault({
        kind: 'error',
        match: { operation },
        status: 403,
        code: 'UnauthorizedOperation',
        message,
      });
    }
    const terminal = open(['init', '--verify', 'health', '--region', 'us-east-1']);
    await answerQuestions(terminal, ANSWERS.slice(0, 1));
    await terminal.see('The availability zones cannot be listed with these credentials (UnauthorizedOperation).');
    await answerQuestions(terminal, ANSWERS.slice(1, 7));
    await answerQuestions(terminal, [['Availability zones', `us-east-1a${ENTER}`]]);
    expect(await terminal.question()).toMatch(/^Task queue/);
    terminal.type(CTRL_C);
    expect(await terminal.ended).toBe(130);
    await emulator.clearFaults();
  });

  it('ends with 130 at Ctrl-C, also at the last question', async () => {
    const terminal = open(['init', '--verify', 'health']);
    await answerAll(terminal);
    terminal.type(CTRL_C);
    expect(await terminal.ended).toBe(130);
    expect(terminal.screen()).toContain('Stopped.');
    expect(await stage.changes()).toEqual([]);
  });
});

describe('destroy at a terminal', () => {
  it('asks for a yes, and takes nothing down when it is declined', async () => {
    expect((await stage.run([...INIT])).code).toBe(0);
    await emulator.clearCalls();
    const terminal = open(['destroy']);
    await terminal.see('Destroy stack dev?');
    terminal.type(ENTER);
    expect(await terminal.ended).toBe(1);
    expect(terminal.screen()).toContain('Nothing was changed.');

    const wrongName = open(['destroy', '--purge']);
    await wrongName.see('Type the name of the stack to destroy it (dev)');
    wrongName.type(`prod${ENTER}`);
    expect(await wrongName.ended).toBe(1);
    expect(wrongName.screen()).toContain('Nothing was changed.');
    expect(await stage.changes()).toEqual([]);
    expect((await stage.run([...DESTROY])).stdout).toMatch(/^0 left$/m);
  });
});
