import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { canonical } from '../../src/steps/define.ts';

export const STATE_KEY = 'dev/state.json';

/** The state as it is stored; empty when there is none. */
export async function storedState(s3: S3Client, Bucket: string): Promise<string> {
  const found = await s3.send(new GetObjectCommand({ Bucket, Key: STATE_KEY })).catch((error: Error) => {
    if (/^NoSuch(Key|Bucket)$/.test(error.name)) return undefined;
    throw error;
  });
  return (await found?.Body?.transformToString()) ?? '';
}

/** Who wrote it last, and how often that was done. */
const WRITING = ['epoch', 'serial', 'writer', 'writtenAt', 'operation', 'cliVersion'];

/** What a state says of its stack. Who takes an abandoned lock over writes it anew, and changes nothing of this. */
export function contentOf(text: string): string {
  try {
    return canonical(Object.entries(JSON.parse(text)).filter(([key]) => !WRITING.includes(key)));
  } catch {
    return text;
  }
}

/** The steps of which a state has a record, and how many configs are in force. */
export function recordsIn(text: string): { readonly steps: string[]; readonly configs: number } {
  const { steps, configs } = JSON.parse(text) as { steps: Record<string, { id?: string }>; configs: unknown[] };
  return {
    steps: Object.entries(steps).map(([step, { id }]) => (id ? step : `${step} (intent)`)),
    configs: configs.length,
  };
}
