import type { Purpose } from '../aws/failed-call.ts';
import { shellWord } from '../config/repeat.ts';
import { POLICY_COMMANDS } from '../policy/names.ts';
import type { CommandInput } from './input.ts';

/** What `policy` has to be asked for the permissions of this very run; `undefined` where it prints none. */
export function purposeOf(
  { command: typed, flags }: CommandInput,
  { stack }: { readonly stack: string },
): Purpose | undefined {
  const [first] = typed.split(' ');
  // What doctor tries is what init is going to do.
  const command = first === 'doctor' ? 'init' : POLICY_COMMANDS.find((name) => name === first);
  if (command === undefined) return undefined;
  const { region, profile } = flags.answers;
  const found = [
    ...(command === 'list' ? [] : ['--stack', stack]),
    ...(region === undefined ? [] : ['--region', String(region)]),
    ...(profile === undefined ? [] : ['--profile', shellWord(String(profile))]),
    ...(flags.sandbox ? ['--sandbox'] : []),
  ];
  const { imageFromStack } = flags.own;
  const besides = `For the image of stack ${imageFromStack} add --uses with the ARN of its ECR repository.`;
  return { command, flags: found.join(' '), ...(imageFromStack !== undefined && { besides }) };
}
