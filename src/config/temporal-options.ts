import { SECRET_OPTION } from './extras-options.ts';
import { isLoopback } from './network.ts';
import type { Answer, Answers, Option } from './option.ts';
import { parseTemporalAddress } from './temporal-address.ts';
import {
  apiKeyProblem,
  caCertificateProblem,
  clientCertificateProblem,
  clientKeyProblem,
  describeCertificate,
} from './temporal-credentials.ts';

const quoted = (answer: Answer, problem: string | undefined): string | undefined =>
  problem === undefined ? undefined : `"${answer}" ${problem}`;
const it = (problem: string | undefined): string | undefined => (problem === undefined ? undefined : `it ${problem}`);
const trimmed = (answer: Answer): { answer: Answer } => ({ answer: String(answer).trim() });
const isMtls = (answers: Answers): boolean => answers.temporalAuth === 'mtls';
const ownCertificate = (answers: Answers): boolean => isMtls(answers) && !answers.secretArn;
const isTls = (answers: Answers): boolean => answers.temporalTls === true;

const isCloud = (address: string): boolean => /\.(tmprl\.cloud|api\.temporal\.io)(:\d+)?$/.test(address);

/** An address of Temporal Cloud begins with the namespace, or serves all of a region; other servers make "default". */
function cloudNamespace(address: string): string | undefined {
  if (!isCloud(address)) return 'default';
  return /^([^.:]+\.[^.:]+)\.tmprl\.cloud(:\d+)?$/.exec(address)?.[1];
}

/** How Temporal is reached. The variables are those that Temporal's own tools and SDKs read. */
export const TEMPORAL_OPTIONS: readonly Option[] = [
  {
    key: 'temporalAuth',
    env: ['TEMPORAL_FARGATE_TEMPORAL_AUTH'],
    question: 'How does the worker prove who it is?',
    help: 'api-key or mtls (a client certificate): Temporal Cloud, or a server that asks for one. none: a server that asks for nothing.',
    type: 'choice',
    choices: ['api-key', 'mtls', 'none'],
    default: (answers, { sandbox }) => {
      if (answers.temporalApiKey !== undefined) return 'api-key';
      if (answers.temporalTlsClientCert !== undefined) return 'mtls';
      return sandbox ? 'none' : 'api-key';
    },
    stage: 'what',
  },
  {
    key: 'temporalTls',
    env: ['TEMPORAL_TLS'],
    question: 'Does the server speak TLS?',
    help: 'Without TLS an API key is only sent to this machine itself.',
    type: 'boolean',
    default: (answers, { sandbox }) =>
      isMtls(answers) ||
      Boolean(answers.temporalTlsServerCaCert) ||
      (answers.temporalAuth === 'api-key' &&
        !isLoopback(String(answers.temporalAddress ?? sandbox?.temporalAddress ?? ''))),
    stage: 'what',
  },
  {
    key: 'temporalAddress',
    env: ['TEMPORAL_ADDRESS'],
    question: 'Address of the Temporal server',
    help: 'As workers in AWS reach it; in Temporal Cloud <namespace>.<account>.tmprl.cloud:7233.',
    type: 'text',
    default: (_answers, { sandbox }) => sandbox?.temporalAddress,
    mend: (answer) => {
      const parsed = parseTemporalAddress(String(answer));
      if (typeof parsed === 'string') return { answer };
      return { answer: parsed.address, ...(parsed.mended && { note: `written as "${answer}"` }) };
    },
    validate: (answer) => {
      const parsed = parseTemporalAddress(String(answer));
      return quoted(answer, typeof parsed === 'string' ? parsed : undefined);
    },
    stage: 'what',
  },
  {
    key: 'temporalNamespace',
    env: ['TEMPORAL_NAMESPACE'],
    question: 'Temporal namespace',
    help: 'In Temporal Cloud with the account: name.account.',
    type: 'text',
    default: ({ temporalAddress }) => cloudNamespace(String(temporalAddress ?? '')),
    stage: 'what',
  },
  SECRET_OPTION,
  {
    key: 'temporalApiKey',
    env: ['TEMPORAL_API_KEY'],
    file: { flag: '--temporal-api-key-file' },
    question: 'Temporal API key',
    help: 'Kept in AWS Secrets Manager and nowhere else.',
    type: 'text',
    secret: true,
    when: (answers) => answers.temporalAuth === 'api-key' && !answers.secretArn,
    mend: trimmed,
    validate: (answer) => it(apiKeyProblem(String(answer))),
    stage: 'what',
  },
  {
    key: 'temporalTlsClientCert',
    env: ['TEMPORAL_TLS_CLIENT_CERT_DATA'],
    file: { flag: '--temporal-tls-client-cert-path', env: 'TEMPORAL_TLS_CLIENT_CERT_PATH' },
    question: 'Client certificate (PEM file)',
    help: 'X.509 version 3, with its intermediate CAs; kept in AWS Secrets Manager.',
    type: 'pem',
    secret: true,
    when: ownCertificate,
    mend: trimmed,
    validate: (answer) => it(clientCertificateProblem(String(answer))),
    show: (answer) => describeCertificate(String(answer)),
    stage: 'what',
  },
  {
    key: 'temporalTlsClientKey',
    env: ['TEMPORAL_TLS_CLIENT_KEY_DATA'],
    file: { flag: '--temporal-tls-client-key-path', env: 'TEMPORAL_TLS_CLIENT_KEY_PATH' },
    question: 'Its private key (PEM file)',
    help: 'Without a passphrase; kept in AWS Secrets Manager and nowhere else.',
    type: 'pem',
    secret: true,
    when: ownCertificate,
    mend: trimmed,
    validate: (answer, answers) => it(clientKeyProblem(String(answer), String(answers.temporalTlsClientCert ?? ''))),
    stage: 'what',
  },
  {
    key: 'temporalTlsServerCaCert',
    env: ['TEMPORAL_TLS_SERVER_CA_CERT_DATA'],
    file: { flag: '--temporal-tls-server-ca-cert-path', env: 'TEMPORAL_TLS_SERVER_CA_CERT_PATH' },
    question: "CA that signed the server's certificate (PEM file)",
    help: 'Left out for a public CA, such as that of Temporal Cloud.',
    type: 'pem',
    default: '',
    when: isTls,
    // The certificates of Temporal Cloud are signed by a public CA.
    onRequest: ({ temporalAddress }) => isCloud(String(temporalAddress ?? '')),
    mend: trimmed,
    validate: (answer) => (answer === '' ? undefined : it(caCertificateProblem(String(answer)))),
    show: (answer) => (answer === '' ? 'the public CAs' : describeCertificate(String(answer))),
    stage: 'what',
  },
  {
    key: 'temporalTlsServerName',
    env: ['TEMPORAL_TLS_SERVER_NAME'],
    question: "Name in the server's certificate",
    help: 'Left out when it is the host of the address; through AWS PrivateLink it is not.',
    type: 'text',
    default: '',
    onRequest: true,
    when: isTls,
    validate: (answer) => {
      const parsed = answer === '' ? undefined : parseTemporalAddress(String(answer));
      const isName = parsed === undefined || (typeof parsed === 'object' && parsed.host === answer);
      return isName ? undefined : `"${answer}" is no host name in lower case, without a port`;
    },
    stage: 'what',
  },
];
