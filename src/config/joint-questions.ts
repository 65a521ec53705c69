import type { Answers, OptionKey } from './option.ts';

/** One question that settles several of the option table, by choices that have names. */
export interface JointQuestion {
  readonly keys: readonly OptionKey[];
  readonly question: string;
  /** One line: what the answer changes. */
  readonly help: string;
  readonly choices: readonly JointChoice[];
  /** Name of the choice after which each of them is asked; absent where the choices are all there is. */
  readonly other?: string;
  /** See `Option.onRequest`. */
  readonly onRequest?: boolean;
}

export interface JointChoice {
  readonly name: string;
  /** What it means, in a few words. */
  readonly about?: string;
  /** An answer for each of the question's keys. */
  readonly answers: Answers;
}

const ACCESS: JointQuestion = {
  keys: ['temporalAuth', 'temporalTls'],
  question: 'Temporal server',
  help: 'What it is decides how the workers prove who they are.',
  choices: [
    {
      name: 'Temporal Cloud, with an API key',
      about: 'Or any other server that takes API keys over TLS.',
      answers: { temporalAuth: 'api-key', temporalTls: true },
    },
    {
      name: 'Temporal Cloud, with a client certificate (mTLS)',
      about: 'Or your own server that asks for one.',
      answers: { temporalAuth: 'mtls', temporalTls: true },
    },
    {
      name: 'Self-hosted, with TLS',
      about: 'The workers check who the server is; it does not ask who they are.',
      answers: { temporalAuth: 'none', temporalTls: true },
    },
    {
      name: 'Self-hosted, without TLS',
      about: 'For a server on a private network: nothing is encrypted on the way.',
      answers: { temporalAuth: 'none', temporalTls: false },
    },
  ],
};

const SIZES = [
  [512, 1024, '0.5 vCPU, 1 GB'],
  [1024, 2048, '1 vCPU, 2 GB'],
  [2048, 4096, '2 vCPU, 4 GB'],
  [4096, 8192, '4 vCPU, 8 GB'],
] as const;

const SIZE: JointQuestion = {
  keys: ['cpu', 'memory', 'architecture'],
  question: 'Size of a task',
  help: 'Activities run in it. arm64 costs a fifth less; x86_64 is for native code without an arm64 build.',
  choices: (['arm64', 'x86_64'] as const).flatMap((architecture) =>
    SIZES.map(([cpu, memory, name]) => ({ name: `${name}, ${architecture}`, answers: { cpu, memory, architecture } })),
  ),
  other: 'Another size',
};

const SPOT: JointQuestion = {
  keys: ['spotWeight', 'onDemandWeight', 'onDemandBase'],
  question: 'Spot or on demand',
  help: 'A Spot task costs a third, and AWS may stop it with two minutes of notice.',
  choices: [
    {
      name: 'Four of five on Spot',
      about: 'The share holds however many there are: on demand does not step in when Spot is short.',
      answers: { spotWeight: 4, onDemandWeight: 1, onDemandBase: 0 },
    },
    {
      name: 'Spot, with one on-demand task that stays',
      about: 'One worker is left when all Spot capacity is taken away.',
      answers: { spotWeight: 1, onDemandWeight: 0, onDemandBase: 1 },
    },
    {
      name: 'All on Spot',
      about: 'The cheapest; no worker is left when Spot is short.',
      answers: { spotWeight: 1, onDemandWeight: 0, onDemandBase: 0 },
    },
    {
      name: 'All on demand',
      about: 'The dearest; AWS takes no task away.',
      answers: { spotWeight: 0, onDemandWeight: 1, onDemandBase: 0 },
    },
  ],
  other: 'Other shares',
};

const TASKS: JointQuestion = {
  keys: ['minTasks', 'maxTasks'],
  question: 'Number of tasks',
  help: 'Auto scaling adds and removes tasks between the two by their CPU load.',
  choices: [
    { name: '1 to 10', answers: { minTasks: 1, maxTasks: 10 } },
    { name: '2 to 10', about: 'One is left while another is replaced.', answers: { minTasks: 2, maxTasks: 10 } },
    { name: 'Always 1', about: 'Nothing scales.', answers: { minTasks: 1, maxTasks: 1 } },
  ],
  other: 'Other numbers',
};

const LOAD: JointQuestion = {
  keys: ['scaleOutAt', 'scaleInAt'],
  question: 'CPU load that scales',
  help: 'Tasks are added after two minutes above the one, and removed after ten minutes below the other.',
  choices: [
    { name: 'Above 30 %, below 20 %', answers: { scaleOutAt: 30, scaleInAt: 20 } },
    { name: 'Above 60 %, below 30 %', answers: { scaleOutAt: 60, scaleInAt: 30 } },
  ],
  other: 'Other loads',
  onRequest: true,
};

/** The keys of each stand together in the option table, and the question comes at the first of them. */
export const JOINT_QUESTIONS: readonly JointQuestion[] = [ACCESS, SIZE, SPOT, TASKS, LOAD];

export const jointQuestionOf = (key: OptionKey): JointQuestion | undefined =>
  JOINT_QUESTIONS.find(({ keys }) => keys.includes(key));

/** The choices that give these answers, as far as they are given. */
export const choicesThatFit = ({ choices, keys }: JointQuestion, answers: Answers): readonly JointChoice[] =>
  choices.filter((choice) => keys.every((key) => answers[key] === undefined || answers[key] === choice.answers[key]));
