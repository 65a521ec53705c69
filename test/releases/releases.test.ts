import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stackConfig } from '../../src/config/schema.ts';
import { dataBucketName } from '../../src/steps/data/data-bucket.ts';
import { infrastructure } from '../../src/steps/index.ts';
import { stateBucket } from '../../state/bucket.ts';
import { SCHEMA_VERSION } from '../../state/document.ts';
import { DESTROY, INIT } from '../cli/stage.ts';
import { cliEnvironment } from '../helpers/cli.ts';
import { type Inventory, useEmulator } from '../helpers/emulator.ts';
import { remains } from '../helpers/inventory.ts';
import { WarmProgram } from '../helpers/warm-program.ts';
import { ANSWERS, keptReleases, readRelease, remake, STACK, STATE_KEY } from './kept-releases.ts';

const emulator = useEmulator({ delaySeconds: 0.1, tasks: 'simulated' });

let program: WarmProgram;
beforeAll(() => {
  program = new WarmProgram(cliEnvironment(emulator.address, ANSWERS));
});
afterAll(() => program.stop());

/** What the command ends with. @param code that it has to end with */
async function result<T>(args: readonly string[], code = 0): Promise<T> {
  const ended = await program.run([...args, '--json']);
  expect(ended.code, `${args.join(' ')}: ${ended.stdout}`).toBe(code);
  const last = JSON.parse(ended.stdout.trimEnd().split('\n').at(-1) ?? '{}') as { result: T };
  return last.result;
}

interface Planned {
  readonly plan: readonly { readonly step: string; readonly action: string }[];
}

async function textAt(Bucket: string, Key: string): Promise<string | undefined> {
  const { Body } = await emulator.clients.s3.send(new GetObjectCommand({ Bucket, Key }));
  return Body?.transformToString();
}

/** Kinds of things of which an upgrade makes new ones: the image, the revision that runs it, its tasks. */
const RENEWED = /^(ecr (image|layer)|ecs (inactive-)?task(-definition)?|ec2 network-interface)$/;

/** "ec2 vpc vpc-0a1b" */
const idsOf = (inventory: Inventory): string[] =>
  Object.entries(inventory).flatMap(([service, kinds]) =>
    Object.entries(kinds).flatMap(([kind, things]) =>
      RENEWED.test(`${service} ${kind}`) ? [] : Object.keys(things).map((id) => `${service} ${kind} ${id}`),
    ),
  );

describe.each(keptReleases())('a stack of %s', (name) => {
  const release = readRelease(name);
  const { schemaVersion, stackId, cliVersion, history = [] } = JSON.parse(release.state);
  let empty: Inventory;
  let state: string;
  let data: string;

  beforeAll(async () => {
    await emulator.reset();
    empty = remains(await emulator.inventory());
    state = await remake(emulator, release);
    const { accountId, region } = emulator.address;
    data = dataBucketName(STACK, accountId, region);
    await emulator.clients.s3.send(new PutObjectCommand({ Bucket: data, Key: 'orders/1', Body: 'paid' }));
  });

  it('is read by status, list and history, and its plan replaces and deletes nothing; none of them writes', async () => {
    expect(await result(['status'])).toMatchObject({ stack: STACK });
    const { stacks } = await result<{ stacks: object[] }>(['list', '--region', 'us-east-1']);
    expect(stacks).toMatchObject([{ stack: STACK, workers: ['worker'], lastChange: { cliVersion } }]);
    const { workers } = await result<{ workers: { deployments: object[] }[] }>(['history']);
    // Before schema 4 only the last one that was proven is known.
    expect(workers[0]?.deployments).toHaveLength(schemaVersion < 4 ? 1 : history.length);
    const { plan } = await result<Planned>(['plan', '--detailed-exitcode'], 2);
    expect(plan.filter(({ action }) => action === 'replace' || action === 'retire')).toEqual([]);
    expect(await textAt(stateBucket(emulator.address).Bucket, STATE_KEY)).toBe(state);
  });

  it('is upgraded by init with all that it had, and the plan after that is empty', async () => {
    const before = idsOf(await emulator.inventory());
    expect(before.length).toBeGreaterThan(30);
    // Without --allow-replace it would refuse to replace or delete anything.
    expect(await result(INIT)).toMatchObject({ changed: true });
    const after = new Set(idsOf(await emulator.inventory()));
    expect(before.filter((id) => !after.has(id))).toEqual([]);
    expect(await textAt(data, 'orders/1')).toBe('paid');
    const document = JSON.parse((await textAt(stateBucket(emulator.address).Bucket, STATE_KEY)) ?? '');
    expect(document).toMatchObject({ schemaVersion: SCHEMA_VERSION, stackId });
    const steps = new Set(infrastructure(stackConfig.parse(document.configs.at(-1))).map(({ id }) => id));
    expect(Object.keys(document.steps).filter((id) => !steps.has(id))).toEqual([]);
    expect(await result<Planned>(['plan', '--detailed-exitcode'])).toMatchObject({ plan: [] });
  });

  it('is taken down to the last trace', async () => {
    const { stdout, stderr } = await program.run(DESTROY);
    expect(stdout, stderr).toMatch(/^0 left$/m);
    expect(remains(await emulator.inventory())).toEqual(empty);
  });
});
