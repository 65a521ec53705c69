import type { Rule } from './stop-rule.ts';

/**
 * Why a worker ended, by its last log lines: the bundled worker's own sentences first (worker/failures.ts), then what
 * the SDKs of Temporal, Node and Python write, for images of any other making.
 */
export const LOG_RULES: readonly Rule[] = [
  {
    words: /heap out of memory|JavaScript heap|MemoryError/i,
    cause: 'the worker needs more memory than its task has',
    fix: 'Give it more with --memory: its heap grows with it.',
  },
  {
    // The worker names cause and fix in one JSON line; variables of its environment are answers of `init` as well.
    words: /Temporal cannot be (?:used|reached): ([^;"]+)(?:[^\n]*?"fix":"([^"\n]+)")?/,
    cause: ([, reason]) => `the worker cannot use Temporal: ${reason}`,
    fix: ([, , fix]) => `${fix ?? 'Check address, namespace, TLS and key.'} Then run init again.`,
  },
  {
    words: /Request unauthorized|Unauthenticated|Jwt (is missing|is expired|verification fails)|invalid api key/i,
    cause: "Temporal does not accept the worker's credentials (any more)",
    fix: 'Check that TEMPORAL_API_KEY is whole, not expired and not revoked. Then run init again: it writes the secret.',
  },
  {
    words: /namespace \S+ (?:is )?not found|NamespaceNotFound/i,
    cause: 'Temporal has no such namespace',
    fix: 'Check TEMPORAL_NAMESPACE; in Temporal Cloud it is name.account. Then run init again.',
  },
  {
    words: /InvalidContentType|wrong version number|tlsv1 alert|CERTIFICATE_VERIFY_FAILED|InvalidCertificate/i,
    cause: 'the worker and the Temporal server do not agree on TLS',
    fix: 'Check TEMPORAL_TLS, the port of TEMPORAL_ADDRESS and the certificates. Then run init again.',
  },
  {
    words: /Temporal cannot be (used|reached)|TransportError|PermissionDenied/i,
    cause: 'the worker cannot use Temporal',
    fix: 'Check address, namespace, TLS and key: the log lines say which of them it is. Then run init again.',
  },
  {
    words: /the worker's environment is not usable: ([^"\n]+)/,
    cause: ([, problems]) => `the worker's environment is not usable: ${problems}`,
    fix: 'Correct these variables, and run init again.',
  },
  {
    words: /Cannot find (?:module|package) '([^']+)'(?: imported from '?([^\s']+))?/,
    cause: ([, name, importer]) =>
      `the worker crashed when it started: ${inImage(name)} is not in the image${importer ? ` (imported from ${inImage(importer)})` : ''}`,
    fix: 'A package belongs into the dependencies of package.json, not the devDependencies; a file has to be written by the build. Then deploy again.',
  },
  {
    words: /No module named '?([\w.]+)/,
    cause: ([, name]) => `the worker crashed when it started: the Python module ${name} is not in the image`,
    fix: 'Install it in the image. Then deploy again.',
  },
  {
    // Node names the file, shows the line, and then says what is wrong with it.
    words: /^(?:file:\/\/)?(\/\S+:\d+)$[\s\S]*?^((?:Syntax|Reference|Type|Range|)Error(?: \[\w+\])?: .+)$/m,
    cause: ([, place, error]) => `the worker crashed when it started: ${error} (${inImage(place)})`,
    fix: 'Correct the code there; when it runs on your machine, see that the image has the same version of Node. Then deploy again.',
  },
  {
    words: /"the worker (?:crashed|ended)"[^\n]*?"error":\{"name":"(\w+)","message":"((?:[^"\\]|\\.)*)"/,
    cause: ([, name, message = '']) => `the worker crashed: ${name}: ${message.replaceAll('\\"', '"')}`,
    fix: 'Its stack is in the log line. Mend that and deploy again.',
  },
];

/** A path as it is in the image: in the sandbox a container's files are in a folder of the task. */
const inImage = (path: string | undefined): string => (path ?? '').replace(/^(?:file:\/\/)?\/.*\/rootfs(?=\/)/, '');
