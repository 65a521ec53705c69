import { UserError } from '../errors.ts';
import { hasName, httpStatus } from './errors.ts';
import { loginOf } from './proxy.ts';
import { isProxyError, type ProxyError } from './tunnel.ts';

/** Node's codes for a certificate that is signed by nobody who is trusted (node:tls, "X509 certificate error codes"). */
const UNTRUSTED = /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(GET|VERIFY)_\w+|CERT_UNTRUSTED)$/;
const WRONG_CERTIFICATE = /^(CERT_\w+|ERR_TLS_CERT_ALTNAME_INVALID)$/;

/**
 * Nothing came back, or what came back is not from AWS. `undefined` for errors of other origin.
 *
 * @param doing "calling EC2 DescribeVpcs"
 */
export function explainNoAnswer(cause: Error, doing: string): UserError | undefined {
  if (isProxyError(cause)) return explainProxy(cause);
  const { code } = cause as { code?: unknown };
  if (UNTRUSTED.test(String(code))) {
    return new UserError({
      code: 'AWS_TLS',
      message: `${doing}: the certificate of what answered is signed by a CA that is not trusted (${code})`,
      fix: 'If a proxy of your company reads the traffic, name its CA with AWS_CA_BUNDLE or NODE_EXTRA_CA_CERTS.',
      cause,
    });
  }
  if (WRONG_CERTIFICATE.test(String(code))) {
    return new UserError({
      code: 'AWS_TLS',
      message: `${doing}: the certificate of what answered cannot be taken: ${cause.message}`,
      fix: 'Check the clock of this machine, AWS_ENDPOINT_URL, and what stands between here and AWS.',
      cause,
    });
  }
  const status = httpStatus(cause);
  if (status === undefined) return undefined;
  if (status === 0) {
    return new UserError({
      code: 'AWS_UNREACHABLE',
      message: `AWS does not answer: ${cause.message || cause.name}`,
      fix: 'Check the network and the region, then run the same command: it goes on where it stopped.',
      cause,
    });
  }
  if (!('$response' in cause)) return undefined;
  const what = hasName(cause, 'NotAws') ? cause.message : 'and no answer that the SDK can read';
  return new UserError({
    code: 'AWS_GARBLED',
    message: `${doing}: what answered is not AWS (HTTP ${status}, ${what})`,
    fix: 'A proxy, a captive portal or AWS_ENDPOINT_URL may be in the way: check the network, then run the same command again.',
    cause,
  });
}

/** What a proxy did; also for connections to others than AWS. */
export function explainProxy(cause: ProxyError): UserError {
  const { proxy, target, status } = cause;
  const { variable, url } = proxy;
  const message = `connecting to ${target}: the proxy ${url.host} (${variable})`;
  if (status === undefined) {
    const reason = cause.cause instanceof Error ? cause.cause.message : cause.message;
    return new UserError({
      code: 'PROXY_UNREACHABLE',
      message: `${message} does not answer: ${reason}`,
      fix: `Check ${variable}; hosts that are named in NO_PROXY are reached without it.`,
      cause,
    });
  }
  if (status === 407) {
    const given = loginOf(url) !== undefined;
    return new UserError({
      code: 'PROXY_LOGIN',
      message: `${message} ${given ? 'does not accept its user and password' : 'asks for a user and a password'} (HTTP 407)`,
      fix: `${given ? 'Correct' : 'Give'} them in ${variable}, as in http://user:password@${url.host}.`,
      cause,
    });
  }
  return new UserError({
    code: 'PROXY_REFUSED',
    message: `${message} does not let it through (HTTP ${status})`,
    fix: `Have the proxy allow ${target}, or name the host in NO_PROXY if it can be reached without.`,
    cause,
  });
}
