import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import * as z from 'zod';

/** Seconds a lock stays valid without being renewed, by S3's clock. Renewed four times as often. */
const LEASE_SECONDS = 60;

const lockBody = z.object({
  nonce: z.string(),
  user: z.string(),
  host: z.string(),
  pid: z.number(),
  /** Names this start of this machine (and process namespace); with it a dead holder is known at once. */
  boot: z.string(),
  command: z.string(),
  acquiredAt: z.string(),
  leaseSeconds: z.number(),
  /** Counts the renewals, so that each has an ETag of its own: a take-over must not match a lock renewed meanwhile. */
  renewals: z.number(),
  cliVersion: z.string(),
});

export type LockHolder = z.infer<typeof lockBody>;

/** This process, as the holder of a new lock. */
export function newHolder({
  command,
  cliVersion,
  leaseSeconds = LEASE_SECONDS,
}: {
  command: string;
  cliVersion: string;
  leaseSeconds?: number | undefined;
}): LockHolder {
  return {
    nonce: randomUUID(),
    user: userName(),
    host: hostname(),
    pid: process.pid,
    boot: bootId(),
    command,
    acquiredAt: new Date().toISOString(),
    leaseSeconds,
    renewals: 0,
    cliVersion,
  };
}

/** Reads the text of a lock; never throws. */
export function parseHolder(text: string): LockHolder {
  const parsed = lockBody.safeParse(safeJson(text));
  return parsed.success ? parsed.data : unreadable();
}

/** The holder ran on this machine since it was started, and its process is gone. */
export function isDead({ boot, host, pid }: LockHolder): boolean {
  return boot === bootId() && boot !== '' && host === hostname() && !isAlive(pid);
}

/** A lock whose text is not ours: nobody to ask, so only its age counts. */
function unreadable(): LockHolder {
  return {
    nonce: '',
    user: 'unknown',
    host: 'unknown',
    pid: 0,
    boot: '',
    command: 'an unreadable lock',
    acquiredAt: 'an unknown time',
    leaseSeconds: LEASE_SECONDS,
    renewals: 0,
    cliVersion: 'unknown',
  };
}

/** Empty where the system does not tell; then a dead holder is only known by its lease. */
function bootId(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
