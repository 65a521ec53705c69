import { formatDuration } from './format-time.ts';

/** What the parts of one worker's deployment took, in milliseconds. Absent: there was nothing to do. */
export interface Parts {
  readonly buildMs?: number;
  readonly pushMs?: number;
  /** Bytes of the layers and the config that the repository lacked. */
  readonly pushedBytes?: number;
  readonly registerMs?: number;
  readonly deploymentMs?: number;
  readonly pollersMs?: number;
}

/** One worker as it was deployed. */
export interface Deployed extends Parts {
  readonly worker: string;
  readonly revision: number | null;
  /** `sha256:…` */
  readonly image: string | null;
}

export interface DeployView {
  readonly stack: string;
  readonly changed: boolean;
  readonly workers: readonly Deployed[];
  /** What was seen of the workers, one line each. */
  readonly proof: readonly string[];
  /** Of the stack, which were left alone. */
  readonly otherDifferences: number;
}

export function formatDeploy({ stack, changed, workers, proof, otherDifferences }: DeployView): string {
  const what = workers.flatMap((worker) => {
    const parts = partWords(worker);
    return [`${worker.worker}: ${revisionWords(worker)}`, ...(parts.length > 0 ? [`  ${parts.join(', ')}`] : [])];
  });
  return [
    ...(changed ? what : [`Stack ${stack} runs this already. Nothing was deployed.`, ...what]),
    ...proof,
    ...otherWords(otherDifferences),
  ].join('\n');
}

const otherWords = (differences: number): string[] =>
  differences === 0
    ? []
    : [
        `${differences} other difference${differences === 1 ? '' : 's'}; temporal-fargate plan shows ${differences === 1 ? 'it' : 'them'}.`,
      ];

/** "revision 7, image 8575cdba4d93" */
export const revisionWords = ({ revision, image }: Pick<Deployed, 'revision' | 'image'>): string =>
  `revision ${revision ?? '-'}, image ${shortDigest(image)}`;

/** "sha256:8575cdba4d93…" -> "8575cdba4d93" */
export const shortDigest = (digest: string | null): string => digest?.replace(/^sha256:/, '').slice(0, 12) ?? '-';

function partWords({ buildMs, pushMs, pushedBytes, registerMs, deploymentMs, pollersMs }: Deployed): string[] {
  const part = (name: string, ms: number | undefined): string[] =>
    ms === undefined ? [] : [`${name} ${formatDuration(ms)}`];
  return [
    ...part('build', buildMs),
    ...(pushMs === undefined ? [] : [`push ${megabytes(pushedBytes ?? 0)} MB in ${formatDuration(pushMs)}`]),
    ...part('register', registerMs),
    ...part('service deployment', deploymentMs),
    ...part('pollers', pollersMs),
  ];
}

/** 431_000 -> "0.43" */
const megabytes = (bytes: number): string => (bytes / 1_000_000).toFixed(2);
