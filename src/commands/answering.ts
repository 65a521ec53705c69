import { STSClient } from '@aws-sdk/client-sts';
import { sharedProfiles } from '../aws/profiles.ts';
import { gather } from '../config/answers.ts';
import type { Asker } from '../config/asker.ts';
import { type ConfigFile, readConfigFile } from '../config/config-file.ts';
import type { Answer, Answers } from '../config/option.ts';
import { OPTIONS } from '../config/options.ts';
import { TerminalAsker } from './asking.ts';
import type { CommandInput } from './input.ts';
import { type Offers, offerRegions, offerStacks } from './offers.ts';

export interface Where {
  readonly stack: string;
  readonly region: string;
  readonly profile: string;
}

interface WhereOptions {
  /** `answerWhat` comes next: wrong answers to its questions are then reported together with these. */
  readonly whatFollows?: boolean;
  /** A person may choose: the profile, and among the stacks that there are. Else only a region that is missing is asked for. */
  readonly offers?: boolean;
}

/** Stack, region and profile: what has to be known before the state can be read. */
export async function answerWhere(input: CommandInput, { whatFollows, offers }: WhereOptions = {}): Promise<Where> {
  const { flags, env, io } = input;
  const { answers: file } = configFileOf(input);
  const asks = !flags.yes && io.canAsk;
  const chosen = asks && offers ? await chooseProfile(input, file) : undefined;
  const profile = chosen ?? flags.answers.profile ?? (env.AWS_PROFILE?.trim() || file.profile);
  const region = flags.sandbox ? 'us-east-1' : await sharedRegion(profile);
  const answers = await gather({
    stage: 'where',
    sources: {
      flags: chosen === undefined ? flags.answers : { ...flags.answers, profile: chosen },
      env,
      file,
      // As weak as what a stack knows of itself: what the profile says of its region.
      state: region === undefined ? {} : { region },
    },
    known: { zones: [] },
    given: {},
    stored: [],
    ask: asks ? whereAsker(input, String(profile ?? ''), offers === true) : undefined,
    fallback: {},
    ...(whatFollows === undefined ? {} : { alsoOtherStage: whatFollows }),
    echo: () => undefined,
  });
  return { stack: String(answers.stack), region: String(answers.region), profile: String(answers.profile) };
}

/** Asks for the region, and for the stack where its choice is offered; the profile has been asked for. */
function whereAsker(input: CommandInput, profile: string, offers: boolean): Asker {
  const asker = (extra: Offers): Asker => new TerminalAsker(input, { offers: extra });
  return {
    one: async (option, asking) => {
      if (option.key === 'region') return asker({ region: () => offerRegions(input, profile) }).one(option, asking);
      if (option.key !== 'stack' || !offers) return asking.suggestion ?? '';
      const region = String(asking.withAnswer('').region);
      return asker({ stack: () => offerStacks(input, { region, profile }) }).one(option, asking);
    },
    joint: async () => undefined,
    tell: (problem) => input.io.warn(problem),
  };
}

/** The profile that a person chooses among several; `undefined` where something else decides. */
async function chooseProfile(input: CommandInput, file: Answers): Promise<string | undefined> {
  const { flags, env, io, signal } = input;
  const option = OPTIONS.find(({ key }) => key === 'profile');
  const decided = flags.answers.profile ?? env.AWS_PROFILE?.trim() ?? file.profile ?? env.AWS_ACCESS_KEY_ID?.trim();
  if (!option || decided || flags.sandbox) return undefined;
  const profiles = await sharedProfiles();
  if (profiles.length < 2) return undefined;
  const choices = profiles.map(({ name, origin }) => ({ value: name, about: origin }));
  return io.ask({ message: option.question, help: option.help, choices, suggestion: 'default' }, signal);
}

/** What the file of --config says. */
export function configFileOf({ flags }: CommandInput): ConfigFile {
  return flags.config === undefined ? { answers: {} } : readConfigFile(flags.config);
}

/** Region of the shared AWS files, as the SDK finds it. */
export async function sharedRegion(profile: Answer | undefined): Promise<string | undefined> {
  try {
    const client = new STSClient(profile ? { profile: String(profile) } : {});
    return await client.config.region();
  } catch {
    return undefined;
  }
}
