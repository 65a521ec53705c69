import { CreateVpcCommand, DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeClients } from '../../src/aws/clients.ts';
import { classify } from '../../src/aws/errors.ts';
import { explainAwsError } from '../../src/aws/explain.ts';
import { ThrottlingOnly } from '../../src/aws/retries.ts';
import { useEmulator } from '../helpers/emulator.ts';

const emulator = useEmulator({ strict: ['off'] });
beforeEach(() => emulator.reset());

const clients = () => {
  const { region, endpoint, accessKeyId, secretAccessKey } = emulator.address;
  const hooks = { beforeMutation: async () => undefined, afterCall: () => undefined };
  return makeClients({ region, endpoint, credentials: { accessKeyId, secretAccessKey }, cliVersion: 'test', hooks });
};

describe('a page of HTML that comes instead of the answer of AWS', () => {
  it('is never taken for an empty answer: what may be asked again is', async () => {
    await emulator.fault({ kind: 'garbled', match: { operation: 'DescribeVpcs' } });
    expect((await clients().ec2.send(new DescribeVpcsCommand({}))).Vpcs).toHaveLength(1);
    expect((await emulator.calls()).map(({ fault }) => fault)).toEqual(['garbled', null]);
  });

  it('leaves it open whether a change was made, and says what may be in the way', async () => {
    await emulator.fault({ kind: 'garbled', match: { operation: 'CreateVpc' } });
    const create = clients().ec2Once.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
    const error = await create.then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(classify(error)).toBe('unknown');
    expect(explainAwsError(error)).toMatchObject({
      code: 'AWS_GARBLED',
      message: expect.stringContaining('calling EC2 CreateVpc: what answered is not AWS (HTTP 200, a page of HTML)'),
      fix: expect.stringContaining('captive portal'),
    });
  });

  it('is not believed when it says 404: nothing is gone by its word', async () => {
    await emulator.fault({ kind: 'garbled', status: 404, match: { operation: 'DescribeVpcs' } });
    expect((await clients().ec2.send(new DescribeVpcsCommand({}))).Vpcs).toHaveLength(1);
  });

  it.each([200, 404])('is neither a stored object nor none when S3 did not send it (HTTP %i)', async (status) => {
    const { s3 } = clients();
    s3.config.retryStrategy = async () => new ThrottlingOnly(1);
    const object = { Bucket: 'pages', Key: 'dev/state.json' };
    await s3.send(new CreateBucketCommand({ Bucket: 'pages' }));
    await s3.send(new PutObjectCommand({ ...object, Body: '{}' }));
    await emulator.fault({ kind: 'garbled', status, match: { operation: 'GetObject' } });
    const error = await s3.send(new GetObjectCommand(object)).catch((reason: Error) => reason);
    expect(explainAwsError(error)).toMatchObject({
      code: 'AWS_GARBLED',
      message: `calling S3 GetObject: what answered is not AWS (HTTP ${status}, without a request id of S3)`,
    });
    expect(await (await s3.send(new GetObjectCommand(object))).Body?.transformToString()).toBe('{}');
    const missing = s3.send(new GetObjectCommand({ ...object, Key: 'prod/state.json' }));
    await expect(missing).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it('is what it is when somebody has stored it', async () => {
    const { s3 } = clients();
    const page = { Bucket: 'pages', Key: 'index.html' };
    await s3.send(new CreateBucketCommand({ Bucket: 'pages' }));
    await s3.send(new PutObjectCommand({ ...page, Body: '<html>', ContentType: 'text/html' }));
    expect(await (await s3.send(new GetObjectCommand(page))).Body?.transformToString()).toBe('<html>');
  });
});
