import { usageError } from '../errors.ts';
import { parseCidr, subRange } from './network.ts';
import { type Answers, flagOf, type OptionKey } from './options.ts';
import { type StackConfig, stackConfig } from './schema.ts';

/** Scaling that is not asked for; see docs/design in the README. */
const SCALING = {
  fastScaleOutAbove: 10,
  scaleOutMinutes: 2,
  scaleOutCooldownSeconds: 60,
  scaleInMinutes: 10,
  scaleInCooldownSeconds: 300,
} as const;

export interface Account {
  readonly accountId: string;
  readonly partition: string;
}

/** Complete answers -> config. Throws a usage error with every problem in one message. */
export function toStackConfig(answers: Answers, account: Account): StackConfig {
  const text = (key: OptionKey): string => String(answers[key] ?? '');
  const number = (key: OptionKey): number => Number(answers[key]);
  const zones = text('zones')
    .split(',')
    .map((zone) => zone.trim())
    .filter(Boolean);
  const nat = text('nat');
  const parsed = stackConfig.safeParse({
    stack: text('stack'),
    region: text('region'),
    ...account,
    temporal: {
      address: text('temporalAddress'),
      namespace: text('temporalNamespace'),
      auth: text('temporalAuth'),
      tls: answers.temporalTls === true,
      serverCaCert: text('temporalTlsServerCaCert') || undefined,
      serverName: text('temporalTlsServerName') || undefined,
    },
    network: { cidr: text('cidr'), zones, nat, ...subnetRanges(text('cidr'), zones.length, nat) },
    logRetentionDays: number('logRetentionDays'),
    workers: [
      {
        name: 'worker',
        taskQueue: text('taskQueue'),
        cpu: number('cpu'),
        memory: number('memory'),
        architecture: text('architecture'),
        onDemandBase: number('onDemandBase'),
        spotWeight: number('spotWeight'),
        onDemandWeight: number('onDemandWeight'),
        stopTimeoutSeconds: number('stopTimeout'),
        scaling: {
          min: number('minTasks'),
          max: number('maxTasks'),
          scaleOutAt: number('scaleOutAt'),
          scaleInAt: number('scaleInAt'),
          ...SCALING,
        },
      },
    ],
  });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${FLAG_OF_PATH[String(path.findLast(isName))] ?? path.join('.')}: ${message}`,
  );
  throw usageError(problems.join('\n'), 'Change the answers named above.', 'BAD_CONFIG');
}

const isName = (part: PropertyKey): boolean => typeof part === 'string';

/** Which flag a person changes to mend a field of the config. */
const FLAG_OF_PATH: Readonly<Record<string, string>> = {
  cidr: flagOf('cidr'),
  zones: flagOf('zones'),
  publicCidrs: flagOf('cidr'),
  privateCidrs: flagOf('cidr'),
  memory: `${flagOf('cpu')} and ${flagOf('memory')}`,
  min: flagOf('minTasks'),
  max: flagOf('maxTasks'),
  scaleInAt: flagOf('scaleInAt'),
  spotWeight: flagOf('spotWeight'),
  nat: flagOf('nat'),
  address: flagOf('temporalAddress'),
  namespace: flagOf('temporalNamespace'),
  taskQueue: flagOf('taskQueue'),
  logRetentionDays: flagOf('logRetentionDays'),
  stack: flagOf('stack'),
  tls: flagOf('temporalTls'),
};

/** The answers that lead to this config: what a later run starts from. */
export function toAnswers(config: StackConfig): Answers {
  const [worker] = config.workers;
  const { temporal, network } = config;
  return {
    temporalAddress: temporal.address,
    temporalNamespace: temporal.namespace,
    temporalAuth: temporal.auth,
    temporalTls: temporal.tls,
    ...(temporal.serverCaCert !== undefined && { temporalTlsServerCaCert: temporal.serverCaCert }),
    ...(temporal.serverName !== undefined && { temporalTlsServerName: temporal.serverName }),
    cidr: network.cidr,
    zones: network.zones.join(','),
    nat: network.nat,
    logRetentionDays: config.logRetentionDays,
    ...(worker && {
      taskQueue: worker.taskQueue,
      cpu: worker.cpu,
      memory: worker.memory,
      architecture: worker.architecture,
      spotWeight: worker.spotWeight,
      onDemandWeight: worker.onDemandWeight,
      onDemandBase: worker.onDemandBase,
      stopTimeout: worker.stopTimeoutSeconds,
      minTasks: worker.scaling.min,
      maxTasks: worker.scaling.max,
      scaleOutAt: worker.scaling.scaleOutAt,
      scaleInAt: worker.scaling.scaleInAt,
    }),
  };
}

/**
 * Public subnets from the second part of the range on, private ones from its upper part on: in a /16 that is
 * x.x.1.0/24, x.x.2.0/24 and x.x.101.0/24, x.x.102.0/24. Smaller ranges are cut into 16 parts.
 */
function subnetRanges(cidr: string, zones: number, nat: string): { publicCidrs: string[]; privateCidrs: string[] } {
  const outer = parseCidr(cidr);
  if (!outer) return { publicCidrs: [], privateCidrs: [] };
  const [prefix, publicFrom, privateFrom] = outer.prefix <= 17 ? [24, 1, 101] : [Math.min(outer.prefix + 4, 28), 0, 8];
  const ranges = (from: number): string[] =>
    Array.from({ length: zones }, (_, index) => {
      const range = subRange(outer, prefix, from + index);
      if (range) return range.text;
      throw usageError(
        `${flagOf('cidr')}: ${cidr} is too small for the subnets of ${zones} zones`,
        `Take a larger range, such as 10.0.0.0/16, or fewer ${flagOf('zones')}.`,
        'BAD_CONFIG',
      );
    });
  return { publicCidrs: ranges(publicFrom), privateCidrs: nat === 'none' ? [] : ranges(privateFrom) };
}
