import type { StateDocument } from './document.ts';

/**
 * A state document that is loaded under a lock we hold. All writes of one process go through one session, in the
 * order in which they were asked for.
 */
export interface Session {
  /** The document as last asked to be written; read it, change it only through `update`. */
  readonly document: Readonly<StateDocument>;
  /**
   * Applies `change` and resolves when a document that contains it is stored. Saves that are asked for while one is
   * under way are coalesced into the next. Rejects with `UserError` STATE_CHANGED when someone else wrote meanwhile.
   */
  update(change: (draft: StateDocument) => void): Promise<void>;
  /** Rejects with `UserError` LOCK_LOST when the lock was taken over, or our lease ran out and cannot be renewed. */
  assertHeld(): Promise<void>;
}
