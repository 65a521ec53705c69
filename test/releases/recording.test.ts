import { describe, expect, it } from 'vitest';
import { keptOf, type RawCall, renamed } from './recording.ts';

const call = (operation: string, params: RawCall['params'], answer: RawCall['answer'] = {}): RawCall => ({
  service: 'ec2',
  operation,
  params,
  answer,
});

const made = call('CreateVpc', { CidrBlock: '10.0.0.0/16' }, { Vpc: { VpcId: 'vpc-0a1b2c3d', State: 'available' } });
const used = call(
  'CreateSubnet',
  { VpcId: 'vpc-0a1b2c3d' },
  { Subnet: { SubnetId: 'subnet-11112222', VpcId: 'vpc-0a1b2c3d' } },
);

describe('of a recording is kept', () => {
  it('which ids each call gave, as far as something later uses them', () => {
    expect(keptOf([made, used], '{"id":"subnet-11112222"}').map(({ gave }) => gave)).toEqual([
      { 'Vpc.VpcId': 'vpc-0a1b2c3d' },
      { 'Subnet.SubnetId': 'subnet-11112222' },
    ]);
    expect(keptOf([made, used], '{}').at(-1)?.gave).toEqual({});
  });

  it('nothing of lock and state document', () => {
    const put = (Key: string): RawCall => ({ ...call('PutObject', { Key }), service: 's3' });
    const kept = keptOf([put('dev/lock.json'), put('dev/state.json'), put('orders/1')], '{}');
    expect(kept.map(({ params }) => params)).toEqual([{ Key: 'orders/1' }]);
  });

  it('nothing at all when a call or the state has an id from elsewhere', () => {
    expect(() => keptOf([used], '{}')).toThrow('call 1, ec2 CreateSubnet: no call before it gave vpc-0a1b2c3d');
    expect(() => keptOf([made], '{"id":"subnet-11112222"}')).toThrow('the state: no call gave subnet-11112222');
  });
});

it('Former ids are replaced wherever they are, the longest first', () => {
  const names = new Map([
    ['abcdefgh', '1'],
    ['arn:abcdefgh', '2'],
  ]);
  expect(renamed('["abcdefgh","arn:abcdefgh","arn:abcdefgh/abcdefgh"]', names)).toBe('["1","2","2/1"]');
});
