import { setTimeout as sleep } from 'node:timers/promises';
import * as autoscaling from '@aws-sdk/client-application-auto-scaling';
import * as cloudwatch from '@aws-sdk/client-cloudwatch';
import * as logs from '@aws-sdk/client-cloudwatch-logs';
import * as ec2 from '@aws-sdk/client-ec2';
import * as ecr from '@aws-sdk/client-ecr';
import * as ecs from '@aws-sdk/client-ecs';
import * as iam from '@aws-sdk/client-iam';
import * as tagging from '@aws-sdk/client-resource-groups-tagging-api';
import * as s3 from '@aws-sdk/client-s3';
import * as secrets from '@aws-sdk/client-secrets-manager';
import type { TestEmulator } from '../helpers/emulator.ts';
import { type Json, leavesOf, type Names, type RecordedCall, renamed } from './recording.ts';

/** Client and commands by the name for which requests are signed. */
const SERVICES = {
  'application-autoscaling': ['autoscaling', autoscaling],
  ec2: ['ec2', ec2],
  ecr: ['ecr', ecr],
  ecs: ['ecs', ecs],
  iam: ['iam', iam],
  logs: ['logs', logs],
  monitoring: ['cloudwatch', cloudwatch],
  s3: ['s3', s3],
  secretsmanager: ['secrets', secrets],
  tagging: ['tagging', tagging],
} as const;

/**
 * Makes the account of a kept release in an emulator, call by call through the SDK.
 *
 * @param secret what stands in the place of every secret that was not recorded
 * @returns the ids that things had when they were recorded, and those that they have now
 */
export async function replay(emulator: TestEmulator, calls: readonly RecordedCall[], secret: string): Promise<Names> {
  const names = new Map<string, string>();
  for (const [at, call] of calls.entries()) {
    const what = `call ${at + 1}, ${call.service} ${call.operation}`;
    const answer = await repeat(emulator, what, call, inputOf(call.params, names, secret));
    const now = leavesOf(answer);
    for (const [path, former] of Object.entries(call.gave)) {
      const name = now[path];
      if (name === undefined) throw new Error(`${what}: the answer has no ${path}`);
      names.set(former, name);
    }
  }
  return names;
}

/** Sends it until AWS takes it: what the call needs may be pending, or not be known everywhere yet. */
async function repeat(
  emulator: TestEmulator,
  what: string,
  { service, operation }: RecordedCall,
  input: unknown,
): Promise<Json> {
  const known = Object.entries(SERVICES).find(([signed]) => signed === service)?.[1];
  if (!known) throw new Error(`${what}: SERVICES of replay.ts has no client for ${service}`);
  const [name, commands] = known;
  const Command = commands[`${operation}Command` as keyof typeof commands] as new (input: unknown) => never;
  const client = emulator.clients[name] as { send(command: never): Promise<unknown> };
  for (const deadline = performance.now() + PATIENCE_MS; ; await sleep(PAUSE_MS)) {
    try {
      return (await client.send(new Command(input))) as Json;
    } catch (error) {
      if (performance.now() > deadline) throw new Error(`${what}: ${String(error)}`);
      await emulator.settle();
    }
  }
}

/** Longer than a pending thing of a test's emulator. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 20;

function inputOf(params: Json, names: Names, secret: string): unknown {
  return JSON.parse(renamed(JSON.stringify(params), names), (_key, value) => {
    if (value === '***') return secret;
    return typeof value?.base64 === 'string' ? Buffer.from(value.base64, 'base64') : value;
  });
}
