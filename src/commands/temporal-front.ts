import { once } from 'node:events';
import { EXIT } from '../errors.ts';
import { readAcceptedKeys } from '../sandbox/accepted-keys.ts';
import { acceptedKeysFile } from '../sandbox/temporal-access.ts';
import { type FrontAuth, startTemporalFront } from '../sandbox/temporal-front.ts';
import type { CommandInput } from './input.ts';

/** `sandbox temporal-front`: the process that `sandbox start` puts before the Temporal server; says its address first. */
export async function temporalFront({ io, signal, flags }: CommandInput): Promise<number> {
  const folder = String(flags.own.folder);
  const front = await startTemporalFront({
    backend: String(flags.own.backend),
    certificates: folder,
    auth: flags.answers.temporalAuth as FrontAuth,
    apiKeys: () => readAcceptedKeys(acceptedKeysFile(folder)),
  });
  io.result(front.address, front);
  if (!signal.aborted) await once(signal, 'abort');
  await front.stop();
  return EXIT.done;
}
