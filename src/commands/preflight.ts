import type { Client } from '@temporalio/client';
import type { StateDocument } from '../../state/document.ts';
import type { Aws } from '../aws/aws.ts';
import type { StackConfig } from '../config/schema.ts';
import { ManyErrors, type UserError, usageError } from '../errors.ts';
import { type Check, DEADLINE_MS, type Finding, runChecks } from '../preflight/check.ts';
import { accountChecks, callerChecks, expiryCheck } from '../preflight/index.ts';
import type { Target, VcpuRange } from '../preflight/target.ts';
import { temporalCheck, temporalSkipped } from '../preflight/temporal.ts';
import { splitTasks } from '../steps/compute/task-cost.ts';
import { infrastructure } from '../steps/index.ts';
import { zoneLetter } from '../steps/network/zone.ts';
import { probe } from '../temporal/probe.ts';
import type { Credentials } from '../temporal/target.ts';
import { countFindings } from '../ui/format-checks.ts';
import type { Configured } from './configuring.ts';
import type { Connection } from './connect.ts';
import type { CommandInput } from './input.ts';
import { isInForce } from './stored-config.ts';
import { detourTo, temporalCredentials, temporalWith } from './temporal-access.ts';

/**
 * Checks everything that can be known before anything costs money, and connects to Temporal, unless the person said that
 * only the VPC can reach it. Throws what is in the way, all of it together; --skip-checks leaves only Temporal.
 */
export async function checkedClient(
  input: CommandInput,
  connection: Connection,
  { config, secretValue }: Pick<Configured, 'config' | 'secretValue'>,
  before: StateDocument | undefined,
  aws: Aws,
): Promise<Client | undefined> {
  const verify = input.flags.own.verify ?? 'temporal';
  if (verify !== 'temporal' && verify !== 'health') {
    throw usageError(`--verify ${verify} does not exist`, 'Choose temporal or health.');
  }
  const sources = { given: secretValue, aws, secretArn: before?.steps['secrets/temporal']?.id };
  const credentials = temporalCredentials(input, config, sources);
  const connecting = verify === 'health' ? undefined : credentials.then((found) => temporalWith(input, config, found));
  // Whoever needs them hears of it; nobody may.
  for (const late of [credentials, connecting]) late?.catch(() => undefined);
  if (input.flags.own.skipChecks === true) return connecting;
  const question: TemporalQuestion = { credentials, connecting };
  try {
    const settled = before !== undefined && isSettled(config, before);
    const checks = [
      ...(await ofConnection(connection, settled ? undefined : config)),
      ...ofTemporal(input, config, question),
    ];
    const findings = await checkAll(input, connection, checks);
    tell(input, findings, settled);
    return await connecting;
  } catch (error) {
    void connecting?.then((client) => client.connection.close()).catch(() => undefined);
    throw error;
  }
}

/** An emulator shares its processors with us: there, late says nothing. */
const EMULATOR_DEADLINE_MS = 60_000;

export const checkAll = (
  input: CommandInput,
  connection: Connection | undefined,
  checks: readonly Check[],
): Promise<Finding[]> =>
  connection
    ? connection.checking(() =>
        runChecks(checks, input.signal, connection.emulator ? EMULATOR_DEADLINE_MS : DEADLINE_MS),
      )
    : runChecks(checks, input.signal);

export interface TemporalQuestion {
  readonly credentials: Promise<Credentials>;
  /** Absent when Temporal is not to be asked from here. */
  readonly connecting: Promise<unknown> | undefined;
}

export function ofTemporal(
  { env }: CommandInput,
  { temporal }: StackConfig,
  { credentials, connecting }: TemporalQuestion,
): Check[] {
  return [
    connecting === undefined
      ? temporalSkipped('--verify health: only the VPC can reach it')
      : temporalCheck({
          target: temporal,
          auth: temporal.auth,
          connect: () => connecting,
          probe: async (timeoutMs) => probe(temporal, {}, timeoutMs, detourTo(temporal.address, env)),
        }),
    expiryCheck(() => credentials),
  ];
}

/**
 * @param config what is to be made; absent when nothing can be in its way any more
 * @param all also what can be in nobody's way, and is only worth knowing
 */
export async function ofConnection(
  connection: Connection,
  config: StackConfig | undefined,
  { all = false } = {},
): Promise<Check[]> {
  const { caller: arn, region, clockOffsetMs, clients } = connection;
  const { expiration } = await clients.sts.config.credentials();
  return [
    ...callerChecks({ arn, expiration, region, clockOffsetMs }),
    ...(config ? accountChecks(targetOf(connection, config), all) : []),
  ];
}

/** Everything is recorded that this config has, and it is the config in force: then nothing is made. */
const isSettled = (config: StackConfig, document: StateDocument): boolean =>
  isInForce(document, config) && infrastructure(config).every(({ id }) => document.steps[id]?.id !== undefined);

function targetOf(connection: Connection, config: StackConfig): Target {
  const { clients, accountId, region, stack, zones, vpcs } = connection;
  const ids = infrastructure(config).map(({ id }) => id);
  const below = (kind: string): string[] =>
    ids.flatMap((id) => (id.startsWith(`${kind}/`) ? id.slice(kind.length + 1) : []));
  const network = 'cidr' in config.network ? config.network : undefined;
  const zoneOf = (letter: string): string => network?.zones.find((zone) => zoneLetter(zone) === letter) ?? letter;
  const natZones = below('network/nat-gateway').map(zoneOf);
  return {
    clients,
    accountId,
    region,
    stack,
    workers: config.workers,
    network,
    wanted: {
      vpcs: ids.filter((id) => id === 'network/vpc').length,
      internetGateways: ids.filter((id) => id === 'network/internet-gateway').length,
      elasticIps: below('network/elastic-ip').length,
      natZones,
    },
    vcpus: { onDemand: vcpusOf(config, 'onDemand'), spot: vcpusOf(config, 'spot') },
    zones,
    vpcs,
  };
}

function vcpusOf({ workers }: StackConfig, market: 'onDemand' | 'spot'): VcpuRange {
  const sum = (end: 'min' | 'max'): number =>
    workers.reduce((total, worker) => total + (splitTasks(worker, worker.scaling[end])[market] * worker.cpu) / 1024, 0);
  return { min: sum('min'), max: sum('max') };
}

/** Warns of what is worth knowing, and throws what is in the way. @param brief where little was looked at */
function tell({ io }: CommandInput, findings: readonly Finding[], brief: boolean): void {
  const errors: UserError[] = [];
  for (const finding of findings) {
    if (finding.state === 'warn') io.warn(`${finding.title}: ${finding.detail}. ${finding.fix}`);
    if (finding.state === 'fail') errors.push(...finding.errors);
  }
  if (!brief) io.note(`Checked before anything is made: ${countFindings(findings)}; see temporal-fargate doctor.`);
  const [first, ...more] = errors;
  if (first) throw more.length === 0 ? first : new ManyErrors(errors);
}
