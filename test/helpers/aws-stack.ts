import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Aws, type WorkerImage, type WorkerImages } from '../../src/aws/aws.ts';
import { type CallHooks, makeClients } from '../../src/aws/clients.ts';
import { classify, isUnsettled } from '../../src/aws/errors.ts';
import type { StackConfig } from '../../src/config/schema.ts';
import { toStackConfig } from '../../src/config/stack-config.ts';
import { apply } from '../../src/engine/apply.ts';
import type { EngineContext } from '../../src/engine/context.ts';
import { type Destroyed, destroy } from '../../src/engine/destroy.ts';
import type { StepEvent } from '../../src/engine/events.ts';
import { observe } from '../../src/engine/observe.ts';
import { makePlan, type Plan, retiredOf } from '../../src/engine/plan.ts';
import { patience } from '../../src/engine/recorded.ts';
import type { DestroyOptions } from '../../src/engine/step.ts';
import { realClock } from '../../src/engine/wait.ts';
import type { Blob, OciImage } from '../../src/image/oci.ts';
import type { EmulatorAddress } from '../../src/sandbox/emulator.ts';
import type { AwsStep } from '../../src/steps/define.ts';
import { formerGrantsOf } from '../../src/steps/identity/role-policies.ts';
import { infrastructure } from '../../src/steps/index.ts';
import { newDocument } from '../../state/document.ts';
import { MemorySession } from '../../state/memory-store.ts';

export const REFERENCE_ANSWERS = {
  stack: 'dev',
  region: 'us-east-1',
  temporalAddress: '127.0.0.1:7233',
  temporalNamespace: 'default',
  temporalAuth: 'api-key',
  temporalTls: false,
  taskQueue: 'test-queue',
  cidr: '10.0.0.0/16',
  zones: 'us-east-1a,us-east-1b',
  network: 'private',
  cpu: 1024,
  memory: 2048,
  architecture: 'x86_64',
  spotWeight: 4,
  onDemandWeight: 1,
  onDemandBase: 0,
  minTasks: 1,
  maxTasks: 10,
  scaleOutAt: 30,
  scaleInAt: 20,
  stopTimeout: 120,
  logRetentionDays: 7,
  dataBucket: true,
} as const;

export const referenceConfig = (changes: Record<string, string | number | boolean> = {}): StackConfig =>
  toStackConfig({ ...REFERENCE_ANSWERS, ...changes }, { accountId: '123456789012', partition: 'aws' });

/** An image of one small layer, as real as a registry asks for. */
export function tinyImage(folder: string, content = 'hello'): WorkerImage {
  const blob = (bytes: Uint8Array, mediaType: string): Blob => {
    const hash = createHash('sha256').update(bytes).digest('hex');
    const path = join(folder, hash);
    writeFileSync(path, bytes);
    return { digest: `sha256:${hash}`, size: bytes.length, mediaType, file: async () => path };
  };
  const build = async (): Promise<OciImage> => {
    const layer = blob(gzipSync(content), 'application/vnd.oci.image.layer.v1.tar+gzip');
    const config = blob(Buffer.from(JSON.stringify({ content })), 'application/vnd.oci.image.config.v1+json');
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const descriptor = ({ file: _file, ...rest }: Blob) => rest;
    const bytes = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType, config: descriptor(config), layers: [descriptor(layer)] }),
    );
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    return {
      manifest: { bytes, digest, mediaType },
      config,
      layers: [layer],
      platform: { os: 'linux', architecture: 'amd64' } as never,
    };
  };
  return { inputHash: `from-${content}`, build };
}

/** The real steps against an emulator, driven by the engine as the commands do. */
export class AwsStack {
  readonly aws: Aws;
  readonly owner: { stack: string; stackId: string };
  readonly events: StepEvent[] = [];
  /** "EC2 CreateVpc" for every call, state calls not among them. */
  readonly calls: { name: string; mutating: boolean; poll: boolean; refused: boolean }[] = [];
  private readonly polls = new AsyncLocalStorage<true>();
  /** Longer than the emulator's reads lag. */
  tagLagMs = 750;
  /** How long a service without room for its tasks is waited for. */
  stuckMs = 60_000;
  config: StackConfig;
  /** Which steps there are, by their ids; for tests of a few, which have to be with all that they need. */
  about = /./;
  secretValue: string | undefined = JSON.stringify({ TEMPORAL_API_KEY: 'key-one' });
  /** What every worker runs that has none of its own in `ownImages`. */
  image: WorkerImage;
  readonly ownImages = new Map<string, WorkerImage>();
  session: MemorySession;
  private readonly make: (command: string) => Aws;
  private readonly made = new Map<string, Aws>();

  /** @param image what is pushed when an image has to be */
  constructor(
    address: EmulatorAddress & { readonly sessionToken?: string },
    folder: string,
    image: WorkerImage = tinyImage(folder),
    name = 'dev',
  ) {
    this.owner = { stack: name, stackId: 'id-1' };
    this.config = referenceConfig({ stack: name });
    const hooks: CallHooks = {
      beforeMutation: async () => undefined,
      afterCall: ({ service, operation, mutating, error }) =>
        this.calls.push({
          name: `${service} ${operation}`,
          mutating,
          poll: this.polls.getStore() === true,
          refused: mutating && error !== undefined && isUnsettled(error),
        }),
    };
    const { endpoint, accessKeyId, secretAccessKey, sessionToken, region, accountId } = address;
    const connection = {
      region,
      endpoint,
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
      cliVersion: 'test',
      hooks,
    };
    this.image = image;
    const stack = this;
    this.make = (command) =>
      new Aws({
        clients: makeClients({ ...connection, caller: { command, stack: name } }),
        accountId,
        region,
        partition: 'aws',
        stack: name,
        get images() {
          return stack.images;
        },
      });
    this.aws = this.as('init');
    this.session = this.newSession();
  }

  /** What calls AWS as this command of the program does. */
  as(command: string): Aws {
    const aws = this.made.get(command) ?? this.make(command);
    this.made.set(command, aws);
    return aws;
  }

  private get images(): WorkerImages {
    return new Map(this.config.workers.map(({ name }) => [name, this.ownImages.get(name) ?? this.image]));
  }

  private newSession(): MemorySession {
    return new MemorySession(newDocument({ ...this.owner, accountId: this.aws.accountId, region: this.aws.region }));
  }

  loseState(): void {
    this.session = this.newSession();
  }

  steps(previous?: StackConfig) {
    const formerTags = Object.keys(previous?.tags ?? {});
    const formerGrants = formerGrantsOf(previous ? [previous] : []);
    const { images, secretValue } = this;
    return this.some(infrastructure(this.config, { images, secretValue, formerTags, formerGrants }));
  }

  private some(steps: readonly AwsStep[]): AwsStep[] {
    return steps.filter(({ id }) => this.about.test(id));
  }

  context(cloud: Aws = this.aws): EngineContext<Aws, StackConfig> {
    return {
      cloud,
      config: this.config,
      owner: this.owner,
      session: this.session,
      clock: realClock,
      emit: (event) => this.events.push(event),
      polling: (look) => this.polls.run(true, look),
      classify,
      newToken: () => randomUUID(),
      concurrency: 8,
      pollMs: 50,
      tagLagMs: this.tagLagMs,
      stuckMs: this.stuckMs,
      standstillMs: 2 * this.stuckMs,
    };
  }

  async plan(previous?: StackConfig): Promise<Plan<Aws, StackConfig>> {
    const steps = this.steps(previous);
    const earlier = previous ? this.some(infrastructure(previous)) : [];
    const records = this.session.document.steps;
    const observed = await observe(
      this.aws.survey(),
      this.owner,
      [...steps, ...retiredOf(steps, earlier)],
      records,
      patience(this.context(), this.tagLagMs),
    );
    return makePlan({ config: this.config, steps, earlier, records, observed });
  }

  async up(previous?: StackConfig): Promise<void> {
    await this.carryOut(await this.plan(previous));
  }

  carryOut(plan: Plan<Aws, StackConfig>): Promise<unknown> {
    return apply(this.context(), plan);
  }

  down(options: Partial<DestroyOptions> = {}): Promise<Destroyed> {
    const context = this.context(this.as('destroy'));
    return destroy(context, this.steps(), { purge: false, deleteData: false, ...options });
  }

  /** What the next plan would do; see `changesIn`. */
  async pending(): Promise<Record<string, string[]>> {
    return changesIn(await this.plan());
  }

  close(): void {
    for (const { clients } of this.made.values()) for (const client of Object.values(clients)) client.destroy();
  }
}

/** What a plan would do: `{ "network/vpc": ["update", "cidr"] }`. */
export const changesIn = ({ items }: Plan<Aws, StackConfig>): Record<string, string[]> =>
  Object.fromEntries(
    items
      .filter(({ action }) => action !== 'none')
      .map(({ step, action, changes }) => [step.id, [action, ...changes.map(({ field }) => field)]]),
  );
