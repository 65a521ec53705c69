import type { Client } from '@temporalio/client';
import type { Session } from '../../state/store.ts';
import type { Aws } from '../aws/aws.ts';
import type { StackConfig } from '../config/schema.ts';
import type { StepEvent } from '../engine/events.ts';
import type { Owner } from '../engine/ownership.ts';
import type { Connection } from './connect.ts';
import type { CommandInput } from './input.ts';

/** A run that holds the lock of its stack. */
export interface Run {
  readonly input: CommandInput;
  readonly connection: Connection;
  readonly aws: Aws;
  /** The config in force. */
  readonly config: StackConfig;
  readonly session: Session;
  readonly owner: Owner;
  /** To see who polls; absent when Temporal is not to be asked from here. */
  readonly client: Client | undefined;
  /** "deploy" */
  readonly command: string;
  /** Hears of every step. */
  readonly onStep?: (event: StepEvent) => void;
}
