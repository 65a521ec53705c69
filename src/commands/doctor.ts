import type { StateDocument } from '../../state/document.ts';
import { explainAwsError } from '../aws/explain.ts';
import type { Place } from '../config/network-config.ts';
import type { Answers } from '../config/option.ts';
import type { StackConfig } from '../config/schema.ts';
import { asError, EXIT, ManyErrors, UserError } from '../errors.ts';
import { judgeCredentials } from '../preflight/account.ts';
import { type Check, fail, ok, single, skip, type Verdict } from '../preflight/check.ts';
import { judgeRefusingRegion, optInStatus, regionToAskIn } from '../preflight/region.ts';
import { temporalSkipped } from '../preflight/temporal.ts';
import { checkData, formatChecks } from '../ui/format-checks.ts';
import { answerWhere, type Where } from './answering.ts';
import { type Connection, connect, knownOf } from './connect.ts';
import { placeOf } from './guest-network.ts';
import type { CommandInput } from './input.ts';
import { checkAll, ofConnection, ofTemporal } from './preflight.ts';
import { sandboxAnswers } from './sandbox-home.ts';
import { storedConfig } from './stored-config.ts';
import { temporalCredentials, temporalWith } from './temporal-access.ts';
import { configUnasked } from './unasked.ts';

/** `doctor`: everything that can be known before anything costs money, in one table. Asks nothing, changes nothing. */
export async function doctor(input: CommandInput): Promise<number> {
  const where = await answerWhere({ ...input, flags: { ...input.flags, yes: true } }, { whatFollows: true });
  const reached = await reach(input, where);
  const { connection } = reached;
  try {
    const checks = connection
      ? await checksOf(input, connection)
      : [...reached.checks, ...(await offline(input, where))];
    const findings = await checkAll(input, connection, checks);
    const failed = findings.some(({ state }) => state === 'fail');
    input.io.result(formatChecks(findings), {
      stack: where.stack,
      region: where.region,
      ok: !failed,
      checks: checkData(findings),
    });
    return failed ? EXIT.failed : EXIT.done;
  } finally {
    connection?.close();
  }
}

type Reached =
  | { readonly connection: Connection }
  | { readonly connection?: undefined; readonly checks: readonly Check[] };

const NEEDS_CREDENTIALS = 'needs credentials that AWS accepts';

/** The connection, or what is known without one. */
async function reach(input: CommandInput, where: Where): Promise<Reached> {
  try {
    return { connection: await connect(input, where) };
  } catch (error) {
    const explained = explainAwsError(error);
    if (!(explained instanceof UserError) || explained.exitCode !== EXIT.failed || explained.code === 'NO_SANDBOX') {
      throw error;
    }
    const elsewhere = explained.code === 'CREDENTIALS_INVALID' || explained.code === 'REGION_DISABLED';
    const askIn = elsewhere ? regionToAskIn(where.region) : undefined;
    const asked = askIn === undefined ? undefined : await askElsewhere(input, where, askIn);
    const checks = asked ?? [
      single('credentials', 'AWS credentials', () => fail(explained)),
      single('region', 'region', () => skip(NEEDS_CREDENTIALS)),
    ];
    return { checks: [...checks, single('account', 'account and quotas', () => skip(NEEDS_CREDENTIALS))] };
  }
}

/**
 * A region that the account has not enabled does not know its credentials, just as if they were wrong. Another region
 * tells one from the other. @returns `undefined` when that one does not take them either
 */
async function askElsewhere(input: CommandInput, where: Where, askIn: string): Promise<Check[] | undefined> {
  const connection = await connect(input, { ...where, region: askIn }).catch(() => undefined);
  if (!connection) return undefined;
  try {
    const status = await optInStatus(connection.clients.ec2, where.region, input.signal);
    const { caller } = connection;
    return [
      single('credentials', 'AWS credentials', () => judgeCredentials(caller, undefined, Date.now())),
      single('region', 'region', () => judgeRefusingRegion(where.region, status)),
    ];
  } finally {
    connection.close();
  }
}

async function checksOf(input: CommandInput, connection: Connection): Promise<Check[]> {
  const { emulator, stack, region } = connection;
  const found = await documentOf(connection);
  const document = found instanceof Error ? undefined : found;
  const zones = await connection.zones().catch(() => []);
  const known = emulator?.temporalAddress === undefined ? NOBODY : {};
  const guest: Check[] = [];
  const config = await configUnasked(input, {
    stack,
    region,
    before: storedConfig(document?.configs.at(-1)),
    known: knownOf(connection, { zones }),
    account: { accountId: connection.accountId, partition: connection.partition },
    fallback: { ...known, ...sandboxAnswers(emulator?.temporalAccess) },
    place: async (answers) => {
      const { place, verdict } = await guestNetwork(input, connection, answers);
      guest.push(single('network', 'network', () => verdict));
      return place;
    },
  });
  return [
    ...(await ofConnection(connection, config, { all: true })),
    ...guest,
    single('state', 'state', () => {
      if (found instanceof Error) return fail(...asUserErrors(found, 'reading the state'));
      return ok(document ? `stack ${stack} exists` : `there is no stack ${stack} yet`);
    }),
    ...temporalChecks(input, config, connection, document),
  ];
}

/** A network that is not the stack's own, and whether tasks could work there. */
async function guestNetwork(
  input: CommandInput,
  connection: Connection,
  answers: Answers,
): Promise<{ place?: Place | undefined; verdict: Verdict }> {
  try {
    return { place: await placeOf(input, connection, answers), verdict: ok('tasks can work there') };
  } catch (error) {
    return { verdict: fail(...asUserErrors(error, 'looking at the network')) };
  }
}

/** Without an account there is still Temporal to look at. */
async function offline(input: CommandInput, { stack, region }: Where): Promise<Check[]> {
  const config = await configUnasked(input, {
    stack,
    region,
    before: undefined,
    known: { zones: [`${region}a`, `${region}b`] },
    account: undefined,
    fallback: NOBODY,
  });
  return temporalChecks(input, config);
}

/** Stands for an address that nobody gave; no name under .invalid ever exists (RFC 2606). */
const NOBODY: Answers = { temporalAddress: 'not-given.invalid' };

function temporalChecks(
  input: CommandInput,
  config: StackConfig,
  connection?: Connection,
  document?: StateDocument,
): Check[] {
  if (config.temporal.address.startsWith(`${NOBODY.temporalAddress}:`)) {
    return [temporalSkipped('no --temporal-address is given')];
  }
  const secretArn = document?.steps['secrets/temporal']?.id;
  const credentials = temporalCredentials(input, config, { ...(connection && { aws: connection.aws() }), secretArn });
  const connecting = credentials.then(async (found) => (await temporalWith(input, config, found)).connection.close());
  for (const late of [credentials, connecting]) late.catch(() => undefined);
  return ofTemporal(input, config, { credentials, connecting });
}

async function documentOf(connection: Connection): Promise<StateDocument | undefined | Error> {
  try {
    return await (await connection.findStore())?.read();
  } catch (error) {
    return error as Error;
  }
}

function asUserErrors(error: unknown, doing: string): readonly UserError[] {
  const explained = asError(explainAwsError(error));
  if (explained instanceof UserError) return [explained];
  if (explained instanceof ManyErrors) return explained.errors.flatMap((one) => asUserErrors(one, doing));
  const message = `${doing}: ${explained.message}`;
  return [new UserError({ code: 'UNKNOWN', message, fix: 'Run it again with --debug.', cause: error })];
}
