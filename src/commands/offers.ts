import { isDenied } from '../aws/errors.ts';
import { enabledRegions, REGION_NAMES } from '../aws/places.ts';
import type { Answers, OptionKey } from '../config/option.ts';
import type { Choice, Io } from '../ui/io.ts';
import { connect } from './connect.ts';
import type { CommandInput } from './input.ts';

/** What AWS can tell about a question, asked when the question is. `undefined`: the answer is typed. */
export type Offers = Readonly<Partial<Record<OptionKey, (answers: Answers) => Promise<Offer | undefined>>>>;

export interface Offer {
  readonly choices: readonly Choice[];
  /** Name of the choice after which an answer is typed; absent where there is nothing else. */
  readonly other?: string;
}

/** Where EC2 is asked for the regions of an account before one is chosen; every account has it. */
const ANY_REGION = 'us-east-1';

/** The regions that are switched on; all that are known where AWS does not tell. */
export async function offerRegions(input: CommandInput, profile: string): Promise<Offer> {
  const regions =
    (await listed(input.io, 'The regions of this account', async () => {
      const connection = await connect(input, { stack: '', region: ANY_REGION, profile });
      try {
        return await enabledRegions(connection.clients.ec2);
      } finally {
        connection.close();
      }
    })) ?? Object.keys(REGION_NAMES);
  return { choices: regions.map((value) => ({ value, name: nameOfRegion(value) })), other: 'Another region' };
}

const nameOfRegion = (region: string): string => {
  const place = REGION_NAMES[region];
  return place === undefined ? region : `${region} (${place})`;
};

/** The stacks that there are in the region; `undefined` where there is none. */
export async function offerStacks(
  input: CommandInput,
  where: { region: string; profile: string },
): Promise<Offer | undefined> {
  const stacks = await listed(input.io, 'The stacks of this account', async () => {
    const connection = await connect(input, { ...where, stack: '' });
    try {
      return (await (await connection.findStore())?.stacks()) ?? [];
    } finally {
      connection.close();
    }
  });
  if (stacks === undefined || stacks.length === 0) return undefined;
  return { choices: stacks.map((value) => ({ value, name: `${value} (update it)` })), other: 'A new stack' };
}

/** Zones by how many are taken; what else there may be is typed. */
export function offerZones(zones: readonly string[]): Offer | undefined {
  const sets = [2, 3, 1].flatMap((count) => (zones.length >= count ? [zones.slice(0, count)] : []));
  if (sets.length === 0) return undefined;
  const about = (count: number): string =>
    count === 1 ? 'All stops when the zone does.' : `The loss of one leaves ${count - 1}.`;
  const choices = sets.map((set) => ({ value: set.join(','), name: set.join(', '), about: about(set.length) }));
  return { choices, other: 'Other zones' };
}

/** What AWS lists, or `undefined` with a note to the person where it may not be listed. */
export async function listed<T>(io: Io, what: string, list: () => Promise<T>): Promise<T | undefined> {
  try {
    return await list();
  } catch (error) {
    if (!isDenied(error)) throw error;
    io.note(`  ${what} cannot be listed with these credentials (${(error as Error).name}).`);
    return undefined;
  }
}
