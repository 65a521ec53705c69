import { gather } from '../config/answers.ts';
import { carryOver } from '../config/carry-over.ts';
import type { Place } from '../config/network-config.ts';
import type { Answers, Known } from '../config/option.ts';
import { OPTIONS } from '../config/options.ts';
import type { StackConfig } from '../config/schema.ts';
import { answeredWorkers, isPerWorker, onlyNameOf } from '../config/several-workers.ts';
import { type Account, toStackConfig } from '../config/stack-config.ts';
import { sourcesOf, workersNamed } from './configuring.ts';
import type { CommandInput } from './input.ts';

export interface Circumstances {
  readonly stack: string;
  readonly region: string;
  /** What the stack is now. */
  readonly before: StackConfig | undefined;
  readonly known: Known;
  /** `undefined` without credentials. */
  readonly account: Account | undefined;
  /** Stand-ins for what only a person knows. */
  readonly fallback: Answers;
  /** Finds a network that is not the stack's own; without it, it is where it was. */
  readonly place?: (answers: Answers) => Promise<Place | undefined>;
}

/**
 * The config that `init` would make of the answers, for commands that look and make nothing: nobody is asked, and no
 * secret is needed. Throws a usage error that names every wrong answer.
 */
export async function configUnasked(input: CommandInput, circumstances: Circumstances): Promise<StackConfig> {
  const { stack, region, before, known, account, fallback, place } = circumstances;
  const sources = sourcesOf(input, before);
  const naming = workersNamed(input, before);
  const apart = await answeredWorkers(naming, sources, { known, fallback, given: { stack, region } });
  const answers = await gather({
    stage: 'what',
    ...(apart && { about: (option) => !isPerWorker(option) }),
    sources,
    known,
    given: { stack, region },
    stored: OPTIONS.filter(({ secret }) => secret).map(({ key }) => key),
    fallback,
    contradictions: () => (apart ?? []).flatMap(({ problems }) => problems),
    echo: () => undefined,
  });
  const last = before && 'vpcId' in before.network ? before.network : undefined;
  const isGuest = answers.network === 'existing' || answers.network === 'shared';
  const found = isGuest ? await place?.(answers) : undefined;
  const config = toStackConfig(
    answers,
    account ?? { accountId: '000000000000', partition: 'aws' },
    found ?? last,
    apart ?? [{ name: onlyNameOf(naming), answers }],
  );
  return carryOver(config, before);
}
