/**
 * An answer as it is kept while answers are gathered: lists are comma-separated text, pairs are NAME=VALUE lines, JSON is
 * its text, until the schema parses them.
 */
export type Answer = string | number | boolean;
export type Answers = Readonly<Partial<Record<OptionKey, Answer>>>;

/** What defaults may depend on besides earlier answers. */
export interface Known {
  /** Zones that Fargate can use, in AWS's order. */
  readonly zones: readonly string[];
  /** Ranges of the VPCs that there are, as CIDR. */
  readonly takenCidrs?: readonly string[] | undefined;
  /** Range of the VPC that the stack has already, although no state says so. */
  readonly ownCidr?: string | undefined;
  /** Set in the sandbox: its Temporal server and this machine's architecture. */
  readonly sandbox?:
    | { readonly temporalAddress: string | undefined; readonly architecture: 'x86_64' | 'arm64' }
    | undefined;
}

export interface Option {
  readonly key: OptionKey;
  readonly env: readonly string[];
  /**
   * The answer is what a file holds: the flag takes its path ("-" is standard input), and so may a variable. Without
   * it the flag is derived from the key ("--temporal-address") and takes the answer itself.
   */
  readonly file?: { readonly flag: string; readonly env?: string };
  /** Of pairs: a file of more of them has a flag beside theirs, and a variable. A flag's pair wins over the file's. */
  readonly pairsFile?: { readonly flag: string; readonly env: string };
  readonly question: string;
  /** One line: what the answer changes. */
  readonly help: string;
  /** `pairs`: NAME=VALUE, given one at a time. `json`: the text of an object. */
  readonly type: 'text' | 'number' | 'boolean' | 'choice' | 'pem' | 'pairs' | 'json';
  /** What a value looks like, for the help: "NAME=VALUE". */
  readonly form?: string;
  /** Never shown, and never on a command line, which everybody on the machine can read. */
  readonly secret?: boolean;
  readonly choices?: readonly string[];
  /** Of a number: it is whole, and from the first to the last of these. */
  readonly range?: readonly [least: number, most: number];
  /** The only numbers that are taken; `validate` says so in words. */
  readonly values?: readonly number[];
  /** What a choice means, in a few words. */
  readonly about?: Readonly<Record<string, string>>;
  /** Not asked unless somebody wants to change it: its default is right for most. */
  readonly onRequest?: boolean | ((answers: Answers) => boolean);
  /** `undefined` from the function: there is none, the answer has to be given. '': the answer may be left out. */
  readonly default?: Answer | ((answers: Answers, known: Known) => Answer | undefined);
  /** When one of these is given, what the stack's state says to this question counts no more. */
  readonly voidedBy?: readonly OptionKey[];
  /** Asked only when true. */
  readonly when?: (answers: Answers) => boolean;
  /** The answer as it is kept, and a note for the person when it is not what was written. */
  readonly mend?: (answer: Answer) => { readonly answer: Answer; readonly note?: string };
  /** One sentence when the answer is wrong; `answers` are those to the questions before. */
  readonly validate?: (answer: Answer, answers: Answers) => string | undefined;
  /** What is shown of a long or secret answer. */
  readonly show?: (answer: Answer) => string;
  /** Each worker of a stack may have its own answer; else it is one of the stack. */
  readonly perWorker?: true;
  /** `where` is needed to find the stack's state, `what` may come from it. */
  readonly stage: 'where' | 'what';
}

export type OptionKey =
  | 'stack'
  | 'region'
  | 'profile'
  | 'temporalAddress'
  | 'temporalNamespace'
  | 'temporalAuth'
  | 'temporalTls'
  | 'temporalApiKey'
  | 'temporalTlsClientCert'
  | 'temporalTlsClientKey'
  | 'temporalTlsServerCaCert'
  | 'temporalTlsServerName'
  | 'taskQueue'
  | 'network'
  | 'cidr'
  | 'zones'
  | 'vpcId'
  | 'subnetIds'
  | 'assignPublicIp'
  | 'networkStack'
  | 'cpu'
  | 'memory'
  | 'architecture'
  | 'baseImage'
  | 'workerDir'
  | 'workerSource'
  | 'allowInstallScripts'
  | 'image'
  | 'docker'
  | 'spotWeight'
  | 'onDemandWeight'
  | 'onDemandBase'
  | 'minTasks'
  | 'maxTasks'
  | 'scaleOutAt'
  | 'scaleInAt'
  | 'stopTimeout'
  | 'logRetentionDays'
  | 'secretArn'
  | 'permissionsBoundary'
  | 'tags'
  | 'securityGroupIds'
  | 'dataBucket'
  | 'dataExpireDays'
  | 'env'
  | 'secret'
  | 'taskPolicy'
  | 'taskPolicyArns'
  | 'egressPorts';

/** Comma-separated text -> its parts. */
export const listOf = (text: Answer | undefined): string[] =>
  String(text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
