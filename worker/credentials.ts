import { createPrivateKey, X509Certificate } from 'node:crypto';

/** Why a text is no API key; the program that deploys refuses the same. Never quotes it. */
export function apiKeyProblem(key: string): string | undefined {
  return /[^\x21-\x7e]/.test(key) ? 'holds a space, a line break or a character outside ASCII' : undefined;
}

/** Why a text is no CA certificate to trust. */
export const caCertificateProblem = (pem: Uint8Array): string | undefined =>
  read(() => new X509Certificate(pem)) ? undefined : 'is not a PEM certificate';

/** Why a text is no client certificate that the SDK takes; its own error is "UnsupportedCertVersion" at most. */
export function clientCertificateProblem(pem: Uint8Array): string | undefined {
  const certificate = read(() => new X509Certificate(pem));
  if (!certificate) return 'is not a PEM certificate';
  return isVersion1(certificate)
    ? 'is X.509 version 1, which Temporal\'s SDKs refuse; make one of version 3 ("openssl x509 -req" needs -extfile for that)'
    : undefined;
}

/** Why a text is not the private key of this certificate. */
export function clientKeyProblem(key: Uint8Array, certificate: Uint8Array): string | undefined {
  const privateKey = read(() => createPrivateKey(Buffer.from(key)));
  if (!privateKey) return 'is not a PEM private key without a passphrase';
  const own = read(() => new X509Certificate(certificate))?.checkPrivateKey(privateKey) ?? true;
  return own ? undefined : 'is not the private key of the client certificate';
}

/** Whether a certificate's time is over; not every server says that this is why it refuses one. */
export function hasExpired(pem: Uint8Array): boolean {
  const certificate = read(() => new X509Certificate(pem));
  return certificate !== undefined && Date.parse(certificate.validTo) < Date.now();
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
