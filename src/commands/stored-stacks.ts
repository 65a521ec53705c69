import type { StateDocument } from '../../state/document.ts';
import type { SeenLock } from '../../state/lock.ts';
import type { S3Store } from '../../state/s3-store.ts';
import { UserError } from '../errors.ts';

/** What a state bucket holds of one stack. */
export interface StoredStack {
  readonly stack: string;
  /** `undefined` when there is none, or it cannot be read. */
  readonly document: StateDocument | undefined;
  readonly problem: UserError | undefined;
  readonly lock: SeenLock | undefined;
}

/** Every stack of a bucket, readable or not, and who is at work on it. */
export async function storedStacks(store: S3Store): Promise<StoredStack[]> {
  return Promise.all((await store.stacks()).map((stack) => storedStack(store.ofStack(stack), stack)));
}

async function storedStack(store: S3Store, stack: string): Promise<StoredStack> {
  const [read, lock] = await Promise.all([
    store.read().catch((error: unknown) => {
      if (error instanceof UserError) return error;
      throw error;
    }),
    store.holder(),
  ]);
  const problem = read instanceof UserError ? read : undefined;
  return { stack, document: read instanceof UserError ? undefined : read, problem, lock };
}

/** Who is at work; `null` when nobody is, or its lock may be taken over. */
export function heldLock(seen: SeenLock | undefined): { user: string; host: string; command: string } | null {
  if (!seen || seen.expired || seen.dead) return null;
  const { user, host, command } = seen.holder;
  return { user, host, command };
}
