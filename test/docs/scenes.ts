import { foreignNetwork } from '../helpers/foreign-network.ts';
import {
  boundaryOf,
  cloneOf,
  damageState,
  namespace,
  profile,
  secret,
  spotTask,
  stateVersion,
  workerFolder,
} from './given.ts';
import { COMMANDS_PAGE, fileOnPage } from './typed.ts';
import { API_KEY, NEXT_KEY, type World } from './world.ts';

/** What a page takes for granted of its reader. */
export interface Scene {
  readonly page: string;
  /** Of the page of commands: those whose examples are run here. */
  readonly commands?: readonly string[];
  /** Every time, when its commands need no stack; never, when they take long. Left out, when the commit chooses it. */
  readonly inNpmTest?: 'always' | 'never';
  readonly world?: Parameters<typeof World.start>[0];
  /** Before the first block. */
  readonly given?: (world: World) => Promise<void>;
  /** Before the block with this first line, by that line. */
  readonly before?: Readonly<Record<string, (world: World) => Promise<void>>>;
  /** What a reader writes in the place of this text, looked up when the block begins. */
  readonly insteadOf?: Readonly<Record<string, (world: World) => string | Promise<string>>>;
  /** Exit codes that the page tells of, by the line. */
  readonly exits?: Readonly<Record<string, number>>;
}

/** Lines that no test can run, by what is missing. */
export const NOT_RUN: Readonly<Record<string, string>> = {
  'npm run demo    # the main job from beginning to end on this machine':
    'needs a minute, and does what other tests do',
  'npm test        # every test': 'this is one of them',
  'npx temporal-fargate plan --stack prod --worker-dir . --docker --task-queue test-queue --cidr 10.20.0.0/16':
    'needs Docker',
};

const DEV = (world: World): Promise<void> => world.init('dev');

const sandboxRuns = async (world: World): Promise<void> => world.becomeSandbox();

/** In a stack of one worker of a user's, which has run two revisions. */
async function deployedTwice(world: World, stack: string): Promise<void> {
  await workerFolder(world, 'worker', { orders: true });
  await world.init(stack, '--worker-dir worker');
  world.write('worker/dist/notes.txt', 'another build');
  await world.run(`deploy --stack ${stack} --worker-dir worker`);
}

async function devAndProd(world: World): Promise<void> {
  await world.init('dev');
  await world.init('prod', '--cidr 10.1.0.0/16');
}

/** prod with the workers orders and billing, as the page lists them. */
async function severalWorkers(world: World): Promise<void> {
  await workerFolder(world, 'orders', { orders: true });
  await workerFolder(world, 'billing');
  world.write('prod.json', fileOnPage('docs/workers.md', '{'));
}

export const SCENES: readonly Scene[] = [
  {
    page: 'README.md',
    inNpmTest: 'never',
    before: {
      'npx temporal-fargate worker init && (cd worker && npm ci)  # a worker to begin with, in ./worker': sandboxRuns,
    },
  },
  {
    page: 'docs/activities.md',
    given: async (world) => {
      await DEV(world);
      world.write('.env.prod', fileOnPage('docs/activities.md', '# a comment'));
      world.write('policy.json', fileOnPage('docs/activities.md', '{\n  "Version"'));
    },
    insteadOf: {
      'arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf': (world) => secret(world, { password: 'x' }),
    },
  },
  {
    page: 'docs/ci.md',
    given: async (world) => {
      await devAndProd(world);
      await world.startGithub();
      world.write('prod.json', '{"stack": "prod"}');
    },
    before: {
      'npx temporal-fargate deploy --stack prod --image-from-stack dev --verify health --skip-checks --yes': async (
        world,
      ) => {
        await workerFolder(world, 'worker');
        await world.run('deploy --stack dev --worker-dir worker');
      },
    },
  },
  { page: 'docs/costs.md', inNpmTest: 'always' },
  {
    page: 'docs/deploy.md',
    given: async (world) => {
      await devAndProd(world);
      await workerFolder(world, 'worker');
    },
  },
  { page: 'docs/from-terraform.md', inNpmTest: 'always' },
  {
    page: 'docs/iam.md',
    given: DEV,
    before: {
      'temporal-fargate init --stack dev --permissions-boundary arn:aws:iam::123456789012:policy/temporal-fargate-us-east-1-dev-boundary':
        boundaryOf,
    },
  },
  { page: 'docs/json.md' },
  {
    page: 'docs/network.md',
    insteadOf: {
      'vpc-… --subnet-ids subnet-…,subnet-…': async ({ emulator }) => {
        const { vpc, privateSubnets } = await foreignNetwork(emulator);
        return `${vpc} --subnet-ids ${privateSubnets.join(',')}`;
      },
    },
  },
  {
    page: 'docs/recovery.md',
    inNpmTest: 'never',
    world: { withKey: true },
    given: async (world) => {
      await deployedTwice(world, 'dev');
      world.write('key.txt', NEXT_KEY);
    },
    before: {
      // The block before it has destroyed the stack.
      'npx temporal-fargate policy --for init --stack dev': (world) => deployedTwice(world, 'dev'),
    },
  },
  {
    page: 'docs/scaling.md',
    world: { scaling: true },
    given: sandboxRuns,
    insteadOf: { '0f3a9c12': (world) => spotTask(world, 'dev') },
  },
  { page: 'docs/screens.md' },
  {
    page: 'docs/security.md',
    world: { withKey: true },
    // The key is in the secret and nowhere else.
    given: async (world) => world.set('TEMPORAL_API_KEY', undefined),
    insteadOf: {
      'arn:aws:secretsmanager:us-east-1:123456789012:secret:temporal-AbCdEf': (world) =>
        secret(world, { TEMPORAL_API_KEY: API_KEY }),
    },
  },
  { page: 'docs/status.md', given: DEV },
  {
    page: 'docs/worker-folder.md',
    given: async (world) => {
      await workerFolder(world, 'worker');
      await workerFolder(world, 'packages/orders');
    },
    before: {
      'temporal-fargate worker init': async (world) => {
        world.remove('worker');
        world.becomeSandbox();
      },
    },
  },
  { page: 'docs/workers.md', given: severalWorkers },
  {
    page: COMMANDS_PAGE,
    commands: ['plan', 'doctor', 'cost', 'list', 'policy', 'state create', 'worker init', 'sandbox install'],
    inNpmTest: 'always',
    given: async (world) => {
      world.write('prod.json', '{"stack": "prod"}');
      profile(world, 'admin');
    },
    exits: { 'temporal-fargate plan --config prod.json --detailed-exitcode': 2 },
  },
  {
    page: COMMANDS_PAGE,
    commands: ['init'],
    world: { withKey: true },
    given: async (world) => {
      world.write('key.txt', API_KEY);
      await namespace(world, 'prod.a1b2c');
    },
    insteadOf: { 'prod.a1b2c.tmprl.cloud:7233': ({ temporalAddress }) => temporalAddress },
  },
  {
    page: COMMANDS_PAGE,
    commands: [
      ...['deploy', 'history', 'rollback', 'trigger', 'status', 'logs', 'unlock'],
      ...['state list', 'state show', 'state versions', 'state restore', 'state discard', 'destroy'],
    ],
    inNpmTest: 'never',
    given: async (world) => {
      await deployedTwice(world, 'dev');
      await world.init('prod', '--cidr 10.1.0.0/16');
      await world.run('state create --region eu-west-1');
    },
    before: {
      'temporal-fargate state restore': (world) => damageState(world, 'dev'),
      'temporal-fargate destroy': (world) => world.init('pr-17', '--cidr 10.2.0.0/16'),
    },
    insteadOf: {
      '0f3a9c12': (world) => spotTask(world, 'prod'),
      '--to 12': () => '--to 1',
      '--version-id 3sL4kqtJlcpXroDTDmJ --json': async (world) =>
        `--version-id ${await stateVersion(world, 'dev')} --json`,
      '--version-id 3sL4kqtJlcpXroDTDmJ --yes': async (world) =>
        `--version-id ${await stateVersion(world, 'prod')} --yes`,
    },
  },
  {
    page: COMMANDS_PAGE,
    commands: ['ci github'],
    given: async (world) => {
      await workerFolder(world, 'worker');
      await devAndProd(world);
      await world.startGithub();
      cloneOf(world, 'acme/orders');
    },
  },
  {
    page: COMMANDS_PAGE,
    commands: [
      ...['pause', 'resume', 'worker dev'],
      ...['sandbox start', 'sandbox status', 'sandbox load', 'sandbox interrupt', 'sandbox stop'],
    ],
    inNpmTest: 'never',
    world: { scaling: true },
    given: async (world) => {
      await severalWorkers(world);
      await world.init('prod', '--config prod.json');
      await world.init('dev', '--cidr 10.1.0.0/16');
      await workerFolder(world, 'worker');
      await workerFolder(world, 'services/orders');
      world.becomeSandbox();
    },
    insteadOf: { '0f3a9c12': (world) => spotTask(world, 'dev') },
  },
];
