/** What the engine tells the outside; three renderers draw the same stream. */
export type StepAction = 'create' | 'adopt' | 'update' | 'replace' | 'delete' | 'none';

/** The least and the most that something usually takes, in seconds. */
export type Span = readonly [least: number, most: number];

interface StepEventBase {
  readonly id: string;
  readonly title: string;
}

export type StepEvent = StepEventBase &
  (
    | { readonly type: 'started'; readonly action: StepAction }
    | { readonly type: 'note'; readonly text: string }
    | {
        readonly type: 'waiting';
        /** Why we wait: "pending", "network interface eni-1 of task 3f… is still attached". */
        readonly reason: string;
        readonly elapsedMs: number;
        readonly deadlineMs: number;
        readonly usualSeconds?: Span | undefined;
      }
    | { readonly type: 'done'; readonly action: StepAction; readonly resource: string; readonly elapsedMs: number }
    | { readonly type: 'kept'; readonly resource: string; readonly reason: string }
    | { readonly type: 'skipped'; readonly reason: string }
    | { readonly type: 'failed'; readonly action: StepAction; readonly error: Error }
  );

export type Emit = (event: StepEvent) => void;
