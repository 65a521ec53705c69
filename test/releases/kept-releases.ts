import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { stateBucket } from '../../state/bucket.ts';
import type { TestEmulator } from '../helpers/emulator.ts';
import { type RecordedCall, renamed } from './recording.ts';
import { replay } from './replay.ts';

/** A stack as a version of this program has made it, in an account that had nothing else. */
export interface KeptRelease {
  /** Text of the state document. */
  readonly state: string;
  /** What that version has changed in the account. */
  readonly calls: readonly RecordedCall[];
}

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** What the stacks of kept releases are named, and the answers with which they were made: no flag, and these variables. */
export const STACK = 'dev';
const API_KEY = 'key-of-no-account';
export const ANSWERS = { TEMPORAL_ADDRESS: '127.0.0.1:1', TEMPORAL_API_KEY: API_KEY } as const;
export const STATE_KEY = `${STACK}/state.json`;

/** Names of the folders: the version, or the schema of the state where there was no release yet. */
export const keptReleases = (): string[] =>
  readdirSync(FOLDER, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? entry.name : []));

export function readRelease(name: string): KeptRelease {
  const read = (file: string): string => readFileSync(join(FOLDER, name, file), 'utf8');
  const lines = read('calls.ndjson').trimEnd().split('\n');
  return { state: read('state.json'), calls: lines.map((line) => JSON.parse(line) as RecordedCall) };
}

/** @returns its folder, which was not there: what a release has made does not change any more */
export function writeRelease(name: string, { state, calls }: KeptRelease): string {
  const folder = join(FOLDER, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'state.json'), `${JSON.stringify(JSON.parse(state), null, 2)}\n`);
  writeFileSync(join(folder, 'calls.ndjson'), calls.map((call) => `${JSON.stringify(call)}\n`).join(''));
  return folder;
}

/** Makes account and state of a kept release in an empty emulator. @returns the text of the state, with the ids of now */
export async function remake(emulator: TestEmulator, { state, calls }: KeptRelease): Promise<string> {
  const names = await replay(emulator, calls, JSON.stringify({ TEMPORAL_API_KEY: API_KEY }));
  const { Bucket } = stateBucket(emulator.address);
  const Body = renamed(state, names);
  await emulator.clients.s3.send(new PutObjectCommand({ Bucket, Key: STATE_KEY, Body }));
  return Body;
}
