import { inject } from 'vitest';
import {
  type Emulator,
  type EmulatorAddress,
  type EmulatorOptions,
  emulatorArguments,
  startEmulator,
} from '../../src/sandbox/emulator.ts';
import { endProcess, processIdentity } from '../../src/sandbox/processes.ts';
import { askNursery } from './emulator-nursery.ts';

/** An emulator like that of `startEmulator`, in a tenth of a second, and with images that are unpacked once for all. */
export async function forkEmulator(options: EmulatorOptions): Promise<Emulator> {
  // Commands that run what tests run (npm run faults) have no nursery.
  if (!process.env.VITEST) return startEmulator(options);
  const { socket, imageCache } = inject('nursery');
  const answer = await askNursery(socket, {
    python: options.environment.python,
    arguments: emulatorArguments({ imageCache, ...options }),
    log: options.logFile ?? null,
  });
  const { pid, ...address } = answer as EmulatorAddress & { readonly pid?: number };
  // Started the ordinary way it says why it does not.
  if (pid === undefined) return startEmulator(options);
  const identity = await processIdentity(pid);
  return { ...address, pid, identity, stop: () => endProcess(pid, identity) };
}
