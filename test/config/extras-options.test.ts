import { describe, expect, it } from 'vitest';
import { wrong } from '../../src/config/answers.ts';
import { EXTRAS_OPTIONS } from '../../src/config/extras-options.ts';
import type { OptionKey } from '../../src/config/option.ts';

const problem = (key: OptionKey, answer: string): string | undefined => {
  const option = EXTRAS_OPTIONS.find((candidate) => candidate.key === key);
  if (!option) throw new Error(`no option ${key}`);
  return wrong(option, answer, { region: 'eu-west-1' });
};

describe('what an organization asks for', () => {
  it.each<[OptionKey, string]>([
    ...EXTRAS_OPTIONS.map(({ key }): [OptionKey, string] => [key, '']),
    ['permissionsBoundary', 'arn:aws:iam::123456789012:policy/boundary'],
    ['permissionsBoundary', 'arn:aws-us-gov:iam::aws:policy/team/PowerUserAccess'],
    ['securityGroupIds', 'sg-01234567'],
    ['securityGroupIds', 'sg-00000001, sg-00000002,sg-00000003,sg-0123456789abcdef0'],
  ])('--%s may be "%s"', (key, answer) => {
    expect(problem(key, answer)).toBeUndefined();
  });

  it.each<[OptionKey, string, string]>([
    ['permissionsBoundary', 'boundary', 'is no ARN of a policy'],
    ['permissionsBoundary', 'arn:aws:iam::123456789012:role/boundary', 'is no ARN of a policy'],
    ['permissionsBoundary', 'arn:aws:iam::123456789012:policy/two words', 'is no ARN of a policy'],
    ['securityGroupIds', 'default', '"default" is no id of a security group'],
    ['securityGroupIds', 'sg-01234567,vpc-01234567', '"vpc-01234567" is no id of a security group'],
    ['securityGroupIds', 'sg-01234567, sg-01234567', 'the same group is named twice'],
    [
      'securityGroupIds',
      'sg-00000001,sg-00000002,sg-00000003,sg-00000004,sg-00000005',
      '5 groups are too many: a service has at most 4 besides its own',
    ],
  ])('--%s may not be "%s"', (key, answer, says) => {
    expect(problem(key, answer)).toContain(says);
  });
});
