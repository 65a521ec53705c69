import {
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { looseStateSettings, stateBucket } from '../../state/bucket.ts';
import { deleteVersions } from '../../state/bucket-contents.ts';
import type { StateDocument } from '../../state/document.ts';
import { type CliResult, cliEnvironment } from '../helpers/cli.ts';
import { useEmulator } from '../helpers/emulator.ts';
import { WarmProgram } from '../helpers/warm-program.ts';
import { bucketOptions, putText, storeFor, textOf, useCleanUp } from './stage.ts';

useCleanUp();

const emulator = useEmulator({ delaySeconds: 0.1, tasks: 'simulated' });
const KEY = 'dev/state.json';
const INIT = ['init', '--yes', '--allow-replace', '--verify', 'health'];
const DESTROY = ['destroy', '--yes', '--purge', '--delete-data', '--confirm', 'dev'];

let program: WarmProgram;
/** The state of the stack that all tests are about. */
let good: string;
const s3 = () => emulator.clients.s3;
const own = () => stateBucket(emulator.address);
const edited = (change: (document: StateDocument) => void): string => {
  const document = JSON.parse(good) as StateDocument;
  change(document);
  return JSON.stringify(document, null, 2);
};
const recordOf = ({ steps }: StateDocument, step: string) => steps[step] as StateDocument['steps'][string];

beforeAll(async () => {
  program = new WarmProgram(cliEnvironment(emulator.address, { TEMPORAL_ADDRESS: '127.0.0.1:1' }));
  expect(await program.run(INIT)).toMatchObject({ code: 0 });
  good = await textOf(s3(), own(), KEY);
});
afterAll(() => program.stop());
beforeEach(() => emulator.clearCalls());

/** "s3 PutObject dev/state.json" for all that a run has changed; its lock is no change. */
async function changes(): Promise<string[]> {
  return (await emulator.calls())
    .filter(
      ({ mutating, error, params, agent }) =>
        mutating && !error && params.Key !== 'dev/lock.json' && agent.includes('temporal-fargate'),
    )
    .map(({ service, operation, params }) => [service, operation, params.Key ?? []].flat().join(' '));
}

/** Ids of the things of the stack in EC2, which a second stack would add to. */
const ec2Ids = async (): Promise<string[]> =>
  Object.values((await emulator.inventory()).ec2 ?? {}).flatMap((things) => Object.keys(things).sort());

describe('init and destroy of a stack whose state', () => {
  it.each<[string, () => string, RegExp]>([
    ['is truncated', () => good.slice(0, good.length / 2), /the document is damaged: it is not JSON\n.*state restore/],
    ['is empty', () => '\n', /the document is damaged: it is empty\n.*state restore/],
    [
      'was written by a newer version',
      () =>
        good
          .replace(/"schemaVersion": \d+/, '"schemaVersion": 99')
          .replace(/"cliVersion": "[^"]*"/, '"cliVersion": "9.1.0"'),
      /temporal-fargate 9\.1\.0 wrote it in schema 99.*\n.*npx temporal-fargate@9\.1\.0/,
    ],
    [
      'is that of another stack',
      () => edited((document) => Object.assign(document, { stack: 'prod' })),
      /it belongs to stack prod, expected dev\n.*state restore/,
    ],
    [
      'was edited by hand to answers that there are not',
      () => edited(({ configs }) => Object.assign(configs[0] ?? {}, { workers: [] })),
      /the document is damaged: its config is not one of ours.*\n.*state restore/,
    ],
  ])('%s say so with the way out, and change nothing', async (_how, text, says) => {
    const damaged = text();
    await putText(s3(), own(), KEY, damaged);
    await emulator.clearCalls();
    for (const args of [INIT, DESTROY]) {
      expect(await program.run(args)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(says) });
    }
    expect(await changes()).toEqual([]);
    expect(await textOf(s3(), own(), KEY)).toBe(damaged);
    await putText(s3(), own(), KEY, good);
  });

  it("was edited by hand to name somebody else's thing name both, and leave that alone", async () => {
    const [theirs = ''] = Object.entries((await emulator.inventory()).ec2?.vpc ?? {})
      .filter(([, { default: isDefault }]) => isDefault)
      .map(([id]) => id);
    const wrong = edited((document) => Object.assign(recordOf(document, 'network/vpc'), { id: theirs }));
    await putText(s3(), own(), KEY, wrong);
    for (const args of [INIT, DESTROY]) {
      await emulator.clearCalls();
      const { code, stderr } = await program.run(args);
      expect(code).toBe(1);
      expect(stderr).toContain(`VPC: ${theirs} has no temporal-fargate tags, but stack dev`);
      if (args === INIT) expect(await changes()).toEqual([]);
      else expect((await changes()).filter((change) => /Vpc$/.test(change))).toEqual([]);
    }
    await putText(s3(), own(), KEY, good);
    expect(await program.run(INIT)).toMatchObject({ code: 0 });
    good = await textOf(s3(), own(), KEY);
  });
});

describe('init of a stack whose state', () => {
  const expectFoundByTags = async (result: CliResult, before: readonly string[]): Promise<void> => {
    expect(result).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('things with its tags exist: they are taken over'),
    });
    expect(await ec2Ids()).toEqual(before);
    const { store } = await storeFor(emulator);
    const ids = ({ steps }: Pick<StateDocument, 'steps'>) =>
      Object.entries(steps)
        .map(([step, { id }]) => `${step} ${id}`)
        .sort();
    expect(ids((await store.read()) as StateDocument)).toEqual(ids(JSON.parse(good) as StateDocument));
    expect((await program.run(INIT)).stdout).toContain('Nothing was changed.');
  };

  it('names a thing that is gone finds the right one by its tags', async () => {
    await putText(
      s3(),
      own(),
      KEY,
      edited((document) => Object.assign(recordOf(document, 'network/vpc'), { id: 'vpc-0000000000000dead' })),
    );
    const before = await ec2Ids();
    expect(await program.run(INIT)).toMatchObject({ code: 0 });
    expect(await ec2Ids()).toEqual(before);
    expect(JSON.parse(await textOf(s3(), own(), KEY))).toMatchObject({
      steps: { 'network/vpc': { id: recordOf(JSON.parse(good), 'network/vpc').id } },
    });
  });

  it('was deleted rebuilds it from the tags', async () => {
    await s3().send(new DeleteObjectCommand({ Bucket: own().Bucket, Key: KEY }));
    const before = await ec2Ids();
    await expectFoundByTags(await program.run(INIT), before);
  });

  it('was deleted with its bucket makes the bucket again, and rebuilds it from the tags', async () => {
    await deleteVersions({ s3: s3(), own: own() }, '', () => true);
    await s3().send(new DeleteBucketCommand({ Bucket: own().Bucket }));
    expect(await program.run(['state', 'show'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no state bucket'),
    });
    const before = await ec2Ids();
    await expectFoundByTags(await program.run(INIT), before);
  });

  it('cannot be read and was set aside rebuilds it from the tags', async () => {
    await putText(s3(), own(), KEY, 'damaged');
    expect(await program.run(['state', 'discard', '--yes', '--confirm', 'dev'])).toMatchObject({ code: 0 });
    const before = await ec2Ids();
    await expectFoundByTags(await program.run(INIT), before);
  });

  it('is in a bucket without versioning and policy says so, and puts both back', async () => {
    const { Bucket } = own();
    await s3().send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } }));
    await s3().send(new DeleteBucketPolicyCommand({ Bucket }));
    expect((await program.run(['state', 'list'])).stderr).toMatch(/was changed by somebody \(versioning, policy\)/);
    const { code, stderr } = await program.run(INIT);
    expect(stderr).toMatch(/The state bucket had been changed; put back: versioning, policy\./);
    expect(code).toBe(0);
    expect(await looseStateSettings(bucketOptions(emulator))).toEqual([]);
  });

  it('was lost asks for a yes before it takes down what another layout had', async () => {
    await s3().send(new DeleteObjectCommand({ Bucket: own().Bucket, Key: KEY }));
    const yes = ['init', '--yes', '--verify', 'health', '--network', 'public'];
    await emulator.clearCalls();
    const refused = await program.run(yes);
    expect(refused).toMatchObject({ code: 64, stderr: expect.stringMatching(/replaces or deletes .*NAT gateway/) });
    expect(await changes()).toEqual([]);
    expect(await program.run([...yes, '--allow-replace'])).toMatchObject({ code: 0 });
    const { natgateway, 'elastic-ip': addresses, subnet } = (await emulator.inventory()).ec2 ?? {};
    expect([natgateway, addresses]).toEqual([undefined, undefined]);
    expect(
      Object.values(subnet ?? {}).filter(({ vpc, tags }) => vpc && Object.keys(tags as object).length > 0),
    ).toHaveLength(2);
  });
});

describe('destroy of a stack', () => {
  it('also finds what its state knows nothing of, by the tags', async () => {
    // A state from before the stack had its NAT gateway: somebody has brought it back.
    const older = await textOf(s3(), own(), KEY);
    expect(await program.run([...INIT, '--network', 'private'])).toMatchObject({ code: 0 });
    await putText(s3(), own(), KEY, older);
    const { code, stdout, stderr } = await program.run(DESTROY);
    expect(stderr).toMatch(/The state does not know of what carries the tags of this stack: .*NAT gateway/);
    expect(stdout).toMatch(/^0 left$/m);
    expect(code).toBe(0);
    const { natgateway, 'elastic-ip': addresses, vpc = {} } = (await emulator.inventory()).ec2 ?? {};
    expect([natgateway, addresses, Object.keys(vpc).length]).toEqual([undefined, undefined, 1]);
  });
});
