import { beforeEach, describe, expect, it } from 'vitest';
import { countable } from '../helpers/inventory.ts';
import { CTRL_C, ENTER, openTerminal } from '../helpers/terminal.ts';
import { API_KEY, DESTROY, INIT, useCliStage } from './stage.ts';

const stage = useCliStage();
const { emulator } = stage;
beforeEach(() => emulator.reset());

/** What a person at a terminal has in the environment: credentials, no answers. */
const open = (args: readonly string[]) =>
  openTerminal(args, stage.env({ TEMPORAL_ADDRESS: undefined, TEMPORAL_API_KEY: undefined, CI: undefined }));

type Terminal = ReturnType<typeof open>;

/** Answers every question of `init`: most with the suggestion. */
async function answerAll(terminal: Terminal): Promise<void> {
  await terminal.see('Address of the Temporal server');
  terminal.type(`127.0.0.1:1${ENTER}`);
  await terminal.see('Temporal namespace');
  terminal.type(ENTER);
  await terminal.see('How does the worker prove who it is?');
  await terminal.see('api-key');
  // The suggestion of an emulator on this machine is "none".
  terminal.type(`\x1b[A\x1b[A${ENTER}`);
  await terminal.see('Does the server speak TLS?');
  terminal.type(ENTER);
  await terminal.see('Temporal API key');
  terminal.type(`${API_KEY}${ENTER}`);
  for (const question of [
    'Network',
    'Address range of the VPC',
    'Availability zones',
    'Task queue',
    'CPU of a task',
    'Memory of a task',
    'Processor architecture',
    'Base image',
    'Weight of Spot tasks',
    'Weight of on-demand tasks',
    'Tasks that always run on demand',
    'Smallest number of tasks',
    'Largest number of tasks',
    'Add tasks at this CPU',
    'Remove tasks at this CPU',
    'Seconds a stopping task may take',
    'Days to keep logs',
    'A bucket for data of the worker?',
  ]) {
    await terminal.see(question);
    terminal.type(ENTER);
  }
  await terminal.see('Plan: 25 to create.');
  await terminal.see('Go on?');
}

describe('init at a terminal', () => {
  it('asks, shows the plan, and creates after a yes; the typed API key is never shown', async () => {
    const before = await emulator.inventory();
    const terminal = open(['init', '--verify', 'health']);
    await answerAll(terminal);
    expect(await stage.changes()).toEqual([]);
    terminal.type(`y${ENTER}`);
    await terminal.see('Stack dev is up');
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
    await terminal.see('Address of the Temporal server');
    terminal.type(`ftp://nowhere${ENTER}`);
    await terminal.see('"ftp://nowhere" is not of the form host or host:port');
    terminal.type(CTRL_C);
    expect(await terminal.ended).toBe(130);
    expect(await stage.changes()).toEqual([]);
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
