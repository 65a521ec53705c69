import { toStackConfig } from '../config/stack-config.ts';
import { STAND_IN_OF_ALL } from '../config/stand-in.ts';
import type { AwsStep } from '../steps/define.ts';
import { infrastructure } from '../steps/index.ts';

let made: readonly AwsStep[] | undefined;

/** Every kind of step there is: this one stack has something of each. */
export function everyStep(): readonly AwsStep[] {
  const answers = { ...STAND_IN_OF_ALL, network: 'private-per-az' };
  made ??= infrastructure(toStackConfig(answers, { accountId: '123456789012', partition: 'aws' }));
  return made;
}
