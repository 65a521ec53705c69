import type { Vpc } from '@aws-sdk/client-ec2';
import type { Clients } from '../aws/clients.ts';
import type { WorkerConfig } from '../config/schema.ts';

/** vCPUs of the smallest and the largest number of tasks. */
export interface VcpuRange {
  readonly min: number;
  readonly max: number;
}

/** The account and region that answered, and what is to be made there. */
export interface Target {
  readonly clients: Clients;
  readonly accountId: string;
  readonly region: string;
  readonly stack: string;
  readonly workers: readonly WorkerConfig[];
  /** The network that it makes for itself; absent when it uses one that is there. */
  readonly network: { readonly cidr: string; readonly zones: readonly string[] } | undefined;
  /** How many of each the stack has, made already or not. */
  readonly wanted: {
    readonly vpcs: number;
    readonly internetGateways: number;
    readonly elasticIps: number;
    /** Names of the zones in which it has a NAT gateway. */
    readonly natZones: readonly string[];
  };
  readonly vcpus: { readonly onDemand: VcpuRange; readonly spot: VcpuRange };
  /** Names of the zones of the region in which tasks can be. */
  readonly zones: () => Promise<readonly string[]>;
  /** All VPCs of the region. */
  readonly vpcs: () => Promise<readonly Vpc[]>;
}
