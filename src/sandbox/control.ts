import { UserError } from '../errors.ts';
import type { EmulatorAddress } from './emulator.ts';

/** A task of the sandbox, of whatever stack. */
export interface SandboxTask {
  readonly taskArn: string;
  /** `service:<name>` for those of a service. */
  readonly group: string;
  readonly capacityProvider: string | null;
  readonly lastStatus: string;
  readonly desiredStatus: string;
}

/** One minute of a service, see `SandboxControl.minutesOf`. */
export interface UsageMinute {
  /** Seconds since 1970, in the sandbox's time. */
  readonly at: number;
  /** Mean of the tasks in percent; `null` when none gave a datum. */
  readonly cpu: number | null;
  readonly running: number;
  readonly desired: number;
}

export interface UsageHistory {
  /** Real seconds that a minute takes. */
  readonly minuteSeconds: number;
  /** Oldest first. */
  readonly minutes: readonly UsageMinute[];
}

/** What the emulator lets one do that AWS would not. */
export class SandboxControl {
  private readonly address: EmulatorAddress;

  constructor(address: EmulatorAddress) {
    this.address = address;
  }

  async tasks(): Promise<readonly SandboxTask[]> {
    return ((await this.ask('GET', 'tasks')) as { tasks: SandboxTask[] }).tasks;
  }

  /** Takes the Spot capacity of a task back. `seconds`: the warning, when it is to be shorter than the stop timeout. */
  async interrupt(taskArn: string, seconds: number | undefined): Promise<{ seconds: number }> {
    const { interrupted } = (await this.ask('POST', 'spot-interruption', { task: taskArn, seconds })) as {
      interrupted: { seconds: number }[];
    };
    return { seconds: interrupted[0]?.seconds ?? 0 };
  }

  /** Fargate places no task on Spot for so many seconds from now; 0 ends that. */
  async withholdSpot(seconds: number): Promise<void> {
    await this.ask('POST', 'fargate', { capacityProvider: 'FARGATE_SPOT', capacity: 0, seconds });
  }

  /**
   * Says what a service uses, minute by minute, in percent of one task; its running tasks share it. An empty list ends it.
   */
  async load(cluster: string, service: string, percent: readonly (number | null)[]): Promise<void> {
    await this.ask('POST', 'usage', { cluster, service, load: percent });
  }

  minutesOf(cluster: string, service: string): Promise<UsageHistory> {
    return this.ask('GET', `usage-history?${new URLSearchParams({ cluster, service })}`) as Promise<UsageHistory>;
  }

  private async ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const { endpoint, secretAccessKey } = this.address;
    const response = await fetch(`${endpoint}/_sandbox/${path}`, {
      method,
      headers: { 'x-sandbox-key': secretAccessKey },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new UserError({
        code: 'SANDBOX_GONE',
        message: 'the sandbox does not answer any more',
        fix: 'See with sandbox status whether it runs, and start it again.',
        cause,
      });
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`sandbox ${path}: ${(answer as { error?: string }).error ?? response.status}`);
    return answer;
  }
}
