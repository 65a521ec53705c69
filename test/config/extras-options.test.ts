import { describe, expect, it } from 'vitest';
import { EXTRAS_OPTIONS, SECRET_OPTION } from '../../src/config/extras-options.ts';
import type { OptionKey } from '../../src/config/option.ts';
import { wrong } from '../../src/config/wrong.ts';

const ALL = [SECRET_OPTION, ...EXTRAS_OPTIONS];

const problem = (key: OptionKey, answer: string): string | undefined => {
  const option = ALL.find((candidate) => candidate.key === key);
  if (!option) throw new Error(`no option ${key}`);
  return wrong(option, answer, { region: 'eu-west-1' });
};

describe('what an organization asks for', () => {
  it.each<[OptionKey, string]>([
    ...ALL.map(({ key }): [OptionKey, string] => [key, '']),
    ['secretArn', 'arn:aws:secretsmanager:us-east-1:123456789012:secret:team/temporal-AbCdEf'],
    ['secretArn', 'arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:temporal'],
    ['permissionsBoundary', 'arn:aws:iam::123456789012:policy/boundary'],
    ['permissionsBoundary', 'arn:aws-us-gov:iam::aws:policy/team/PowerUserAccess'],
    ['tags', 'team=core, cost-center = 42,empty=,Größe=1 m=x'],
    ['securityGroupIds', 'sg-01234567'],
    ['securityGroupIds', 'sg-00000001, sg-00000002,sg-00000003,sg-0123456789abcdef0'],
  ])('--%s may be "%s"', (key, answer) => {
    expect(problem(key, answer)).toBeUndefined();
  });

  it.each<[OptionKey, string, string]>([
    ['secretArn', 'team/temporal', 'is no ARN of a secret'],
    ['secretArn', 'arn:aws:ssm:us-east-1:123456789012:parameter/temporal', 'is no ARN of a secret'],
    [
      'secretArn',
      'arn:aws:secretsmanager:us-east-1:123456789012:secret:temporal-AbCdEf:TEMPORAL_API_KEY::',
      'is no ARN of a secret',
    ],
    ['permissionsBoundary', 'boundary', 'is no ARN of a policy'],
    ['permissionsBoundary', 'arn:aws:iam::123456789012:role/boundary', 'is no ARN of a policy'],
    ['permissionsBoundary', 'arn:aws:iam::123456789012:policy/two words', 'is no ARN of a policy'],
    ['tags', 'team', '"team" is no tag; write it as key=value'],
    ['tags', '=core', '"=core" is no tag'],
    ['tags', 'temporal-fargate:stack=prod', 'the tag "temporal-fargate:stack" is given by AWS or by this program'],
    ['tags', 'AWS:x=1', 'the tag "AWS:x" is given by AWS'],
    ['tags', 'name=mine', 'the tag "name" is given by AWS or by this program'],
    ['tags', 'team=core;env=dev', 'the tag "team" holds a sign that not every AWS service takes'],
    ['tags', 'team=a,Team=b', 'the tag "Team" is there twice'],
    ['tags', `${'k'.repeat(129)}=v`, 'is longer than 128 characters'],
    ['tags', `team=${'v'.repeat(257)}`, 'the value of tag "team" is longer than 256 characters'],
    ['tags', Array.from({ length: 46 }, (_, index) => `t${index}=x`).join(','), '46 tags are too many'],
    ['securityGroupIds', 'default', '"default" is no id of a security group'],
    ['securityGroupIds', 'sg-01234567,vpc-01234567', '"vpc-01234567" is no id of a security group'],
    ['securityGroupIds', 'sg-01234567, sg-01234567', 'the same group is named twice'],
    [
      'securityGroupIds',
      'sg-00000001,sg-00000002,sg-00000003,sg-00000004,sg-00000005',
      '5 groups are too many: a service has at most 4 besides its own',
    ],
  ])('--%s may not be "%.40s"', (key, answer, says) => {
    expect(problem(key, answer)).toContain(says);
  });
});
