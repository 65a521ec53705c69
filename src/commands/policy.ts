import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { partitionOf } from '../aws/partition.ts';
import { listOf } from '../config/option.ts';
import { EXIT, usageError } from '../errors.ts';
import {
  boundaryArn,
  boundaryDocument,
  type Document,
  LONGEST_POLICY,
  POLICY_COMMANDS,
  type Policy,
  type PolicyCommand,
  type PolicyRequest,
  policyDocuments,
} from '../policy/index.ts';
import { USABLE } from '../steps/used.ts';
import { formatBootstrap, formatPolicies } from '../ui/format-policy.ts';
import { answerWhere, type Where } from './answering.ts';
import { connect } from './connect.ts';
import type { CommandInput } from './input.ts';
import { givenTo } from './single-answer.ts';

/**
 * `policy`: prints what IAM has to allow for commands, and the boundary of the roles that `init` makes. AWS is asked for
 * nothing but the account, and not for that when it is given.
 */
export async function policy(input: CommandInput): Promise<number> {
  const { io, flags } = input;
  const { own } = flags;
  const commands = commandsOf(own.for, own.boundary === true);
  const uses = usesOf(own.uses);
  const where = await answerWhere(input);
  const request: PolicyRequest = {
    ...(await accountOf(input, where)),
    // Not the default of other commands: a policy for stack dev is of no use to who has none of that name.
    stack: givenTo('stack', input),
    boundary: givenTo('permissionsBoundary', input) || undefined,
    uses,
  };
  const policies = [
    ...(own.boundary === true ? [boundaryDocument(request)] : []),
    ...(commands.length > 0 ? policyDocuments({ ...request, commands }) : []),
  ];
  const boundary = boundaryArn(request);
  if (own.out === undefined) {
    io.result(printed(policies), { policies, boundary });
  } else {
    const files = policies.map((one) => written(String(own.out), one));
    io.result(files.join('\n'), { policies: policies.map(({ name }, at) => ({ name, file: files[at] })), boundary });
  }
  const { region, stack } = request;
  io.note(formatPolicies(policies, LONGEST_POLICY, own.out === undefined ? undefined : String(own.out)));
  if (own.boundary === true) io.note(formatBootstrap({ region, stack, boundary }));
  return EXIT.done;
}

/** One document as `aws iam create-policy` takes it; several with their names. */
function printed(policies: readonly Policy[]): string {
  const [only, ...more] = policies;
  return textOf(only && more.length === 0 ? only.document : policies);
}

function written(folder: string, { name, document }: Policy): string {
  const path = join(folder, `${name}.json`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, `${textOf(document)}\n`);
  return path;
}

const textOf = (value: Document | readonly Policy[]): string => JSON.stringify(value, null, 2);

/** Those of `--for`; all of them where neither they nor the boundary alone are asked for. */
function commandsOf(given: string | boolean | undefined, boundary: boolean): PolicyCommand[] {
  if (given === undefined) return boundary ? [] : ['all'];
  return listOf(String(given)).map((name) => {
    const found = POLICY_COMMANDS.find((command) => command === name);
    if (found) return found;
    throw usageError(
      `--for ${name}: there is no such command, or it does not ask AWS for anything`,
      `Choose from ${POLICY_COMMANDS.join(', ')}; several with commas between them.`,
    );
  });
}

function usesOf(given: string | boolean | undefined): string[] {
  const arns = given === undefined ? [] : listOf(String(given));
  const wrong = arns.find((arn) => !Object.values(USABLE).some((kind) => kind.test(arn)));
  if (wrong === undefined) return arns;
  throw usageError(
    `--uses ${wrong}: that is not the ARN of something that a stack can use`,
    `Give that of ${Object.keys(USABLE).join(', of ')}; several with commas between them.`,
  );
}

type Account = Pick<PolicyRequest, 'accountId' | 'partition' | 'region'>;

async function accountOf(input: CommandInput, where: Where): Promise<Account> {
  const { account } = input.flags.own;
  const { region } = where;
  if (account === undefined) {
    const connection = await connect(input, where);
    connection.close();
    const { accountId, partition } = connection;
    return { accountId, partition, region };
  }
  if (!/^\d{12}$/.test(String(account)))
    throw usageError(`--account ${String(account)} is no id of an account`, 'Give its twelve digits.');
  return { accountId: String(account), partition: partitionOf(region), region };
}
