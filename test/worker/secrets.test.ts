import { describe, expect, it } from 'vitest';
import { redactor } from '../../worker/secrets.ts';

const body = 'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg';
const pem = `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`;
const redact = redactor({
  TEMPORAL_API_KEY: 'planted-key\n',
  TEMPORAL_TLS_CLIENT_KEY_DATA: pem,
  AWS_SECRET_ACCESS_KEY: 'planted-key-and-more',
  TEMPORAL_GRPC_META_AUTHORIZATION: 'Basic cGxhbnRlZA==',
  TEMPORAL_CODEC_AUTH: '',
  SHORT_TOKEN: 'the',
  AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE',
  DATA_BUCKET: 'data',
});

describe('the secrets of the environment', () => {
  it.each([
    ['invalid header value "Bearer planted-key"', 'invalid header value "Bearer ********"'],
    ['planted-key-and-more is longer', '******** is longer'],
    [`no key: ${pem}`, 'no key: ********'],
    [`no key: ${JSON.stringify(pem)}`, 'no key: "********\\n********\\n********\\n"'],
    [`line 2: ${body}`, 'line 2: ********'],
    ['Basic cGxhbnRlZA== was refused', '******** was refused'],
  ])('are blackened in %j', (text, expected) => {
    expect(redact(text).trimEnd()).toBe(expected);
  });

  it('are told from ordinary values by name and length', () => {
    const text = 'the bucket data of ASIAEXAMPLE';
    expect(redact(text)).toBe(text);
  });
});
