import * as z from 'zod';
import { contains, overlaps, parseCidr } from './network.ts';
import { STACK_NAME } from './stack-name.ts';

const cidr = z.string().refine((text) => parseCidr(text) !== undefined, {
  error: (issue) =>
    `"${String(issue.input)}" is no IPv4 range; write one like 10.0.0.0/16, with zeros after its prefix`,
});

/** A VPC of the stack's own. */
const ownNetwork = z
  .strictObject({
    /** One NAT gateway, one in each zone, or none: tasks then have public addresses and still no ingress. */
    preset: z.enum(['private', 'private-per-az', 'public']),
    cidr,
    /** Availability zone names, one public (and one private) subnet in each. */
    zones: z.array(z.string()).min(1).max(6),
    publicCidrs: z.array(cidr),
    /** Empty with `public`: tasks then run in the public subnets. */
    privateCidrs: z.array(cidr),
  })
  .superRefine((value, context) => {
    const fail = (message: string, path: (string | number)[]): void =>
      context.addIssue({ code: 'custom', message, path });
    const expected = value.preset === 'public' ? 0 : value.zones.length;
    if (value.publicCidrs.length !== value.zones.length) {
      fail(`${value.zones.length} zones need as many public subnets, not ${value.publicCidrs.length}`, ['publicCidrs']);
    }
    if (value.privateCidrs.length !== expected) {
      fail(
        `network "${value.preset}" with ${value.zones.length} zones needs ${expected} private subnets, not ${value.privateCidrs.length}`,
        ['privateCidrs'],
      );
    }
    if (new Set(value.zones).size < value.zones.length) fail('the same zone is named twice', ['zones']);
    const outer = parseCidr(value.cidr);
    const ranges = [...value.publicCidrs, ...value.privateCidrs].flatMap((text) => parseCidr(text) ?? []);
    if (outer && (outer.prefix < 16 || outer.prefix > 28))
      fail(`a VPC is between /16 and /28, not /${outer.prefix}`, ['cidr']);
    for (const [index, range] of ranges.entries()) {
      if (range.prefix < 16 || range.prefix > 28) fail(`subnet ${range.text} is not between /16 and /28`, ['cidr']);
      if (outer && !contains(outer, range)) fail(`subnet ${range.text} is not inside ${outer.text}`, ['cidr']);
      const other = ranges.slice(index + 1).find((candidate) => overlaps(range, candidate));
      if (other) fail(`subnets ${range.text} and ${other.text} overlap`, ['cidr']);
    }
  });

/** A place in a network that is not the stack's own. */
const place = {
  vpcId: z.string().regex(/^vpc-[0-9a-f]+$/),
  subnetIds: z
    .array(z.string().regex(/^subnet-[0-9a-f]+$/))
    .min(1)
    .max(16),
  /** Whether tasks get public addresses: the way out of their subnets is an internet gateway. */
  assignPublicIp: z.boolean(),
};

/** A VPC that was there before: used, and never changed or deleted. */
const existingNetwork = z.strictObject({ preset: z.literal('existing'), ...place });

/** The network of another stack in the account and region, which cannot be destroyed while it is used. */
const sharedNetwork = z.strictObject({
  preset: z.literal('shared'),
  /** The stack that owns it. */
  stack: z.string().regex(STACK_NAME),
  ...place,
});

/** Where tasks run and how they get out. */
export const network = z.discriminatedUnion('preset', [ownNetwork, existingNetwork, sharedNetwork]);

export type OwnNetwork = z.infer<typeof ownNetwork>;
export type Place = Omit<z.infer<typeof existingNetwork>, 'preset'>;
export type NetworkConfig = z.infer<typeof network>;
