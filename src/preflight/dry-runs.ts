import {
  AllocateAddressCommand,
  CreateInternetGatewayCommand,
  CreateVpcCommand,
  type ResourceType,
  type TagSpecification,
} from '@aws-sdk/client-ec2';
import { hasName, isDenied } from '../aws/errors.ts';
import { explainAwsError } from '../aws/explain.ts';
import { TAG } from '../engine/ownership.ts';
import { UserError } from '../errors.ts';
import { type Check, fail, ok, single } from './check.ts';
import type { Target } from './target.ts';

/**
 * Asks EC2 itself whether these credentials may create, for the creates that need nothing to be there yet. DryRun does
 * everything but the work, and answers DryRunOperation where it would have been allowed. The tags are given because
 * policies may ask for them. Source: EC2 API reference, "DryRun" of each operation.
 */
export function dryRuns({ clients: { ec2 }, wanted, stack, network }: Target): Check[] {
  const tags = (type: ResourceType): TagSpecification[] => [
    {
      ResourceType: type,
      Tags: [
        { Key: TAG.managed, Value: 'true' },
        { Key: TAG.stack, Value: stack },
      ],
    },
  ];
  const vpc = { DryRun: true, CidrBlock: network?.cidr, TagSpecifications: tags('vpc') };
  const gateway = { DryRun: true, TagSpecifications: tags('internet-gateway') };
  const address = { DryRun: true, Domain: 'vpc' as const, TagSpecifications: tags('elastic-ip') };
  const tries: [string, number, (abortSignal: AbortSignal) => Promise<unknown>][] = [
    ['ec2:CreateVpc', wanted.vpcs, (abortSignal) => ec2.send(new CreateVpcCommand(vpc), { abortSignal })],
    [
      'ec2:CreateInternetGateway',
      wanted.internetGateways,
      (abortSignal) => ec2.send(new CreateInternetGatewayCommand(gateway), { abortSignal }),
    ],
    [
      'ec2:AllocateAddress',
      wanted.elasticIps,
      (abortSignal) => ec2.send(new AllocateAddressCommand(address), { abortSignal }),
    ],
  ];
  const needed = tries.filter(([, many]) => many > 0);
  if (needed.length === 0) return [];
  return [
    single('permissions/ec2', 'permissions of EC2', async (signal) => {
      const denials = await Promise.all(needed.map(([, , send]) => denialOf(send(signal))));
      const errors = denials.flatMap((denial) => denial ?? []);
      return errors.length > 0 ? fail(...errors) : ok(`may ${needed.map(([action]) => action).join(', ')}`);
    }),
  ];
}

/** `undefined` when it would have been allowed. */
async function denialOf(dryRun: Promise<unknown>): Promise<UserError | undefined> {
  try {
    await dryRun;
    return undefined;
  } catch (error) {
    if (hasName(error, 'DryRunOperation')) return undefined;
    const explained = explainAwsError(error);
    if (isDenied(error) && explained instanceof UserError) return explained;
    throw error;
  }
}
