/** What `npm run bench` was asked for. */
export interface Settings {
  /** How often everything is done with this delay per call, in milliseconds. */
  runs(delayMs: number): number;
  /** Added to each call, in milliseconds. */
  readonly delays: readonly number[];
  /** Where Terraform's AWS provider is, in the layout of `terraform providers mirror`. */
  readonly pluginDir: string | undefined;
  /** How much faster than on AWS things change in the part with AWS's delays: 0.2 means five times. */
  readonly scale: number;
  /** So many stacks in one account and region, growing. */
  readonly stacks: readonly number[];
  /** Says what is being done. */
  note(text: string): void;
}
