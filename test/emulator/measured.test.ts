import { createHash, createHmac } from 'node:crypto';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { slowProxy } from '../../bench/slow-proxy.ts';
import { refusal, startTestEmulator } from '../helpers/emulator.ts';
import { createNetwork, natGateway } from './network.ts';

/** A form signed for CloudWatch, as SDKs of 2025 send it; ours speaks JSON with it. */
async function asForm(
  { endpoint, region, accessKeyId, secretAccessKey }: Parameters<typeof signed>[0],
  form: Record<string, string>,
): Promise<Response> {
  const body = new URLSearchParams(form).toString();
  const headers = signed({ endpoint, region, accessKeyId, secretAccessKey }, body);
  return fetch(endpoint, { method: 'POST', body, headers });
}

function signed(
  address: { endpoint: string; region: string; accessKeyId: string; secretAccessKey: string },
  body: string,
): Record<string, string> {
  const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = [time.slice(0, 8), address.region, 'monitoring', 'aws4_request'];
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const request = [
    'POST',
    '/',
    '',
    `host:${new URL(address.endpoint).host}`,
    `x-amz-date:${time}`,
    '',
    'host;x-amz-date',
  ];
  const toSign = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256([...request, sha256(body)].join('\n'))].join('\n');
  const key = scope.reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${address.secretAccessKey}`);
  return {
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    'x-amz-date': time,
    authorization: `AWS4-HMAC-SHA256 Credential=${address.accessKeyId}/${scope.join('/')}, SignedHeaders=host;x-amz-date, Signature=${hmac(key, toSign).toString('hex')}`,
  };
}

describe('an emulator that is measured', () => {
  it('is called through a proxy, gives each change its own time, and speaks what older SDKs speak', async () => {
    let behind = '';
    const proxy = await slowProxy(() => behind);
    const { emulator, stop } = await startTestEmulator({
      strict: ['off'],
      delaySeconds: 0.1,
      durations: { 'nat-available': 60 },
      front: proxy.port,
    });
    try {
      behind = emulator.address.endpoint;
      const { region, accessKeyId, secretAccessKey } = emulator.address;
      const credentials = { accessKeyId, secretAccessKey };
      const throughProxy = new STSClient({ endpoint: `http://127.0.0.1:${proxy.port}`, region, credentials });
      proxy.slow(60);
      const startedAt = performance.now();
      expect((await throughProxy.send(new GetCallerIdentityCommand({}))).Account).toBe('123456789012');
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(59);
      throughProxy.destroy();
      // The name of any other port is as foreign as ever.
      const stranger = await slowProxy(() => behind);
      const foreign = new STSClient({
        endpoint: `http://127.0.0.1:${stranger.port}`,
        region,
        credentials,
        maxAttempts: 1,
      });
      expect((await refusal(foreign.send(new GetCallerIdentityCommand({})))).status).toBe(403);
      foreign.destroy();
      await stranger.stop();

      const { ec2 } = emulator.clients;
      const { nat } = await createNetwork(ec2);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect((await natGateway(ec2, nat)).State).toBe('pending');

      const alarm = { Version: '2010-08-01', AlarmName: 'cpu', MetricName: 'CPUUtilization', Namespace: 'AWS/ECS' };
      const rule = { Statistic: 'Average', Period: '60', EvaluationPeriods: '2', Threshold: '30' };
      const ComparisonOperator = 'GreaterThanOrEqualToThreshold';
      const form = { Action: 'PutMetricAlarm', ...alarm, ...rule, ComparisonOperator };
      expect((await asForm(emulator.address, form)).status).toBe(200);
      const unknown = await asForm(emulator.address, { ...form, Unheard: 'of' });
      expect(await unknown.text()).toContain('does not know the parameter Unheard');
    } finally {
      await stop();
      await proxy.stop();
    }
  });
});
