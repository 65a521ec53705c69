import { readNetwork } from '../aws/existing-network.ts';
import { judgeNetwork, type NetworkProblem, needsPublicIp } from '../aws/network-verdict.ts';
import { isLoopback, isPrivateAddress } from '../config/network.ts';
import type { Place } from '../config/network-config.ts';
import type { Answers } from '../config/option.ts';
import { listOf } from '../config/option.ts';
import { ManyErrors, UserError } from '../errors.ts';
import type { Connection } from './connect.ts';
import type { CommandInput } from './input.ts';
import { sharedPlace } from './shared-network.ts';

/**
 * Where a network is that is not the stack's own, looked up and judged before anything is created; `undefined` for one
 * that the stack makes. Throws `UserError` BAD_NETWORK with everything that would keep tasks from working there, and
 * NO_SHARED_NETWORK.
 */
export async function placeOf(
  input: CommandInput,
  connection: Connection,
  answers: Answers,
): Promise<Place | undefined> {
  if (answers.network === 'shared') return sharedPlace(connection, String(answers.networkStack));
  if (answers.network !== 'existing') return undefined;
  const vpcId = String(answers.vpcId);
  const subnetIds = listOf(answers.subnetIds);
  const found = await readNetwork(connection.clients.ec2, vpcId);
  if (!found) throw badNetwork(noVpc(vpcId, connection.region));
  const { assignPublicIp: given } = answers;
  const place = {
    vpcId,
    subnetIds,
    assignPublicIp: given === 'auto' ? needsPublicIp(found, subnetIds) : given === 'yes',
  };
  const { problems, warnings } = judgeNetwork(found, {
    ...place,
    stack: connection.stack,
    temporalOutside: isOutside(input, String(answers.temporalAddress)),
    secret: answers.temporalAuth !== 'none',
  });
  for (const warning of warnings) input.io.warn(warning);
  const [first, ...more] = problems.map(badNetwork);
  if (first) throw more.length > 0 ? new ManyErrors([first, ...more]) : first;
  return place;
}

/** A server on this machine is the sandbox's, whose tasks are processes; whoever says --verify health knows the way. */
const isOutside = ({ flags }: CommandInput, address: string): boolean =>
  flags.own.verify !== 'health' && !isLoopback(address) && !isPrivateAddress(address);

const noVpc = (vpcId: string, region: string): NetworkProblem => ({
  message: `there is no VPC ${vpcId} in region ${region}`,
  fix: 'Look for its id: aws ec2 describe-vpcs, with the same --region and profile.',
});

const badNetwork = (problem: NetworkProblem): UserError => new UserError({ code: 'BAD_NETWORK', ...problem });
