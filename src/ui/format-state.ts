export interface ListedStack {
  readonly stack: string;
  /** `undefined` when there is none, or it cannot be read. */
  readonly state?: {
    readonly serial: number;
    readonly operation: string;
    readonly writtenAt: string;
    readonly cliVersion: string;
    /** Steps on record. */
    readonly things: number;
  };
  readonly problem?: { readonly code: string; readonly message: string };
  readonly lock?:
    | {
        readonly user: string;
        readonly host: string;
        readonly command: string;
        readonly ageSeconds: number;
        /** Whoever comes next takes it over. */
        readonly free: boolean;
      }
    | undefined;
}

/** A stack's name, then what there is to say about it, one line each. */
export function formatStacks(stacks: readonly ListedStack[]): string {
  if (stacks.length === 0) return 'There is no stack.';
  const width = Math.max(...stacks.map(({ stack }) => stack.length));
  const indent = ' '.repeat(width + 2);
  return stacks.map((listed) => `${listed.stack.padEnd(width)}  ${linesOf(listed).join(`\n${indent}`)}`).join('\n');
}

function linesOf({ state, problem, lock }: ListedStack): string[] {
  const lines: string[] = [];
  if (state) {
    const { serial, things, operation, writtenAt, cliVersion } = state;
    lines.push(`${things} things, serial ${serial}, ${operation} at ${writtenAt} by version ${cliVersion}`);
  } else lines.push(problem?.message ?? 'no state');
  if (lock) {
    const { user, host, command, ageSeconds, free } = lock;
    lines.push(`locked: ${user}@${host} runs "${command}"${free ? ` no more, since ${ageSeconds} s` : ''}`);
  }
  return lines;
}

export interface ShownDocument {
  readonly stack: string;
  readonly stackId: string;
  readonly accountId: string;
  readonly region: string;
  readonly serial: number;
  readonly epoch: number;
  readonly schemaVersion: number;
  readonly operation: string;
  readonly writtenAt: string;
  readonly cliVersion: string;
  readonly configs: readonly unknown[];
  readonly steps: Readonly<Record<string, { readonly id?: string | undefined; readonly startedAt: string }>>;
}

/** Whose it is, who wrote it last, and every thing on record. */
export function formatDocument(document: ShownDocument): string {
  const { configs, operation, writtenAt, cliVersion } = document;
  const width = Math.max(0, ...Object.keys(document.steps).map((step) => step.length));
  const steps = Object.entries(document.steps).map(
    ([step, { id, startedAt }]) =>
      `  ${step.padEnd(width)}  ${id ?? `(asked for at ${startedAt}, no answer on record)`}`,
  );
  return [
    `Stack    ${document.stack}, id ${document.stackId}`,
    `Account  ${document.accountId}, ${document.region}`,
    `Written  ${writtenAt} by ${operation}, version ${cliVersion}`,
    `Serial   ${document.serial}, epoch ${document.epoch}, schema ${document.schemaVersion}`,
    `Configs  ${configs.length}${configs.length > 1 ? ': the last one is in force, no run has succeeded with it yet' : ''}`,
    `Things   ${steps.length}`,
    ...steps,
  ].join('\n');
}

export function formatVersions(
  versions: readonly { versionId: string; writtenAt: Date | undefined; isCurrent: boolean }[],
): string {
  return versions
    .map(
      ({ versionId, writtenAt, isCurrent }) =>
        `${versionId}  ${writtenAt?.toISOString() ?? ''}${isCurrent ? '  current' : ''}`,
    )
    .join('\n');
}
