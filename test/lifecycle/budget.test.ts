import { describe, expect, it } from 'vitest';
import { DESTROY, INIT, useCliStage } from '../cli/stage.ts';

const stage = useCliStage();

interface Outcome {
  readonly calls: { readonly aws: number; readonly polls: number; readonly state: number };
  readonly plan: readonly object[];
}

/** What the last line of a `--json` run says. */
async function outcomeOf(args: readonly string[]): Promise<Outcome> {
  const { code, stdout } = await stage.run([...args, '--json']);
  expect(code).toBe(0);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '').result;
}

describe('calls of one run', () => {
  it('stay within their budget, and waiting and state are counted apart', async () => {
    const made = await outcomeOf(INIT);
    const steps = made.plan.length;
    expect(made.calls.aws).toBeLessThanOrEqual(70);
    expect(made.calls.state).toBeLessThanOrEqual(2 * steps);
    expect(made.calls.polls).toBeGreaterThan(0);
    // Defaults and checks both want to know of the region's zones and VPCs.
    const reads = (await stage.emulator.calls()).filter(
      ({ operation, params }) =>
        operation === 'DescribeAvailabilityZones' || (operation === 'DescribeVpcs' && Object.keys(params).length === 0),
    );
    expect(reads.map(({ operation }) => operation).sort()).toEqual(['DescribeAvailabilityZones', 'DescribeVpcs']);

    const before = (await stage.changes()).length;
    const planned = await outcomeOf(['plan']);
    expect(planned.plan).toEqual([]);
    expect(planned.calls.aws).toBeLessThanOrEqual(25);
    expect(await stage.changes()).toHaveLength(before);

    const destroyed = await outcomeOf(DESTROY);
    expect(destroyed.calls.aws).toBeLessThanOrEqual(88);
  });
});
