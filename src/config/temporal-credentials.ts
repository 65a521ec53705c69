import { createPrivateKey, X509Certificate } from 'node:crypto';

/** A certificate's environment variable is part of the task definition, all of which may have 64 KB (ECS quotas). */
const MOST_CA_BYTES = 32 * 1024;

/** Why a text is no API key; the same as the worker refuses (worker/credentials.ts). Never quotes it. */
export function apiKeyProblem(key: string): string | undefined {
  if (key === '') return 'is empty';
  return /[^\x21-\x7e]/.test(key) ? 'holds a space, a line break or a character outside ASCII' : undefined;
}

/** Why a text is no CA certificate to trust. */
export function caCertificateProblem(pem: string): string | undefined {
  if (!read(() => new X509Certificate(pem))) return 'is not a PEM certificate';
  return pem.length > MOST_CA_BYTES
    ? `is larger than ${MOST_CA_BYTES / 1024} KB; take only the CAs that sign the server's certificate`
    : undefined;
}

/** Why a text is no client certificate that Temporal's SDKs take. */
export function clientCertificateProblem(pem: string): string | undefined {
  const certificate = read(() => new X509Certificate(pem));
  if (!certificate) return 'is not a PEM certificate';
  return isVersion1(certificate)
    ? 'is X.509 version 1, which Temporal\'s SDKs refuse; make one of version 3 ("openssl x509 -req" needs -extfile for that)'
    : undefined;
}

/** Why a text is not the private key of this certificate. */
export function clientKeyProblem(key: string, certificate: string): string | undefined {
  const privateKey = read(() => createPrivateKey(key));
  if (!privateKey) return 'is not a PEM private key without a passphrase';
  const own = read(() => new X509Certificate(certificate))?.checkPrivateKey(privateKey) ?? true;
  return own ? undefined : 'is not the private key of the client certificate';
}

/** "CN=worker, valid until 2027-11-25" */
export function describeCertificate(pem: string): string {
  const certificate = read(() => new X509Certificate(pem));
  if (!certificate) return 'unreadable';
  const until = new Date(certificate.validTo).toISOString().slice(0, 10);
  return `${certificate.subject.replaceAll('\n', ', ')}, valid until ${until}`;
}

/** RFC 5280, 4.1: the body of a certificate starts with its version in the field [0] (tag a0), except in version 1. */
function isVersion1({ raw }: X509Certificate): boolean {
  return raw[contentStart(raw, contentStart(raw, 0))] !== 0xa0;
}

/** Where the content of the DER value at `position` starts: behind its tag and its length of one or more bytes. */
function contentStart(der: Uint8Array, position: number): number {
  const length = der[position + 1] ?? 0;
  return position + 2 + (length > 0x80 ? length - 0x80 : 0);
}

/** `undefined` for what cannot be read; the parser's own message could quote the input. */
function read<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
