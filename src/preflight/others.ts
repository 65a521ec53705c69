import type { Tag } from '@aws-sdk/client-ec2';
import { TAG } from '../engine/ownership.ts';

interface Tagged {
  readonly Tags?: readonly Tag[] | undefined;
}

/** What is not tagged as this stack's: it stays beside the stack, which may be made already, in part or as a whole. */
export const withoutOwn = <T extends Tagged>(things: readonly T[] | undefined, stack: string): T[] =>
  (things ?? []).filter(({ Tags }) => !Tags?.some(({ Key, Value }) => Key === TAG.stack && Value === stack));
