// `npm run faults`: runs the fault matrix, prints what becomes of each cell, and writes docs/fault-matrix.md. What was run is
// kept in .faults/, so that it may be run in parts:
//   --part 2/6     every sixth cell      --only TEXT    cells whose name has this in it, a regular expression
//   --missing      those never run       --failed       those that failed
//   --minutes 5    begin none later      --lanes 1      two stacks side by side, if not told otherwise
//   --together 1   each cell in a run of its own; left out, up to 8 that a run should survive share one
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Cell, cellsOf, nameOf } from '../test/faults/cells.ts';
import { chainsOf, strokesOf } from '../test/faults/chains.ts';
import { REQUEST_SECONDS } from '../test/faults/disturbances.ts';
import { Lane } from '../test/faults/lane.ts';
import { runChain, undisturbed } from '../test/faults/matrix.ts';
import { Records } from '../test/faults/records.ts';
import { lineOf, reportOf } from '../test/faults/report.ts';
import { inLanes } from '../test/faults/sampling.ts';
import { makeLeanProgram } from '../test/helpers/lean-program.ts';
import { root, safeEnvironment, setUp } from './setup.mjs';

const { values } = parseArgs({
  options: {
    part: { type: 'string', default: '1/1' },
    only: { type: 'string', default: '' },
    lanes: { type: 'string', default: '2' },
    together: { type: 'string', default: '8' },
    minutes: { type: 'string', default: '600' },
    missing: { type: 'boolean', default: false },
    failed: { type: 'boolean', default: false },
  },
});
const [part = 1, parts = 1] = values.part.split('/').map(Number);
const deadline = performance.now() + Number(values.minutes) * 60_000;
const records = new Records(join(root, '.faults'));

/** Whether this run is asked to run the cell. */
function isAsked(cell: Cell, index: number): boolean {
  const known = records.of(cell);
  return (
    index % parts === part - 1 &&
    new RegExp(values.only).test(nameOf(cell)) &&
    !(values.missing && known) &&
    !(values.failed && known?.outcome !== 'failed')
  );
}

/** With "-dirty" when files differ from it. */
const commit = (): string =>
  spawnSync('git', ['describe', '--always', '--dirty'], { cwd: root, encoding: 'utf8' }).stdout.trim();

setUp();
for (const [name, value] of Object.entries(safeEnvironment())) process.env[name] = value;
const program = await makeLeanProgram();
const lanes: Lane[] = [];
let failed = 0;
try {
  const options = { bin: program.bin, env: { TEMPORAL_FARGATE_REQUEST_SECONDS: String(REQUEST_SECONDS) } };
  for (let n = 0; n < Number(values.lanes); n += 1) lanes.push(await Lane.start(options));
  const clean = await records.undisturbed(program.bin, () => undisturbed(lanes[0] as Lane, ['changed', 'moved']));
  const cells = cellsOf(clean.calls);
  const asked = cells.filter(isAsked);
  process.stdout.write(`${asked.length} of ${cells.length} cells\n`);
  for (let waiting = asked, together = Number(values.together); waiting.length > 0; together = 1) {
    const unsure: Cell[] = [];
    await inLanes(lanes, chainsOf(strokesOf(waiting, together)), async (lane, chain) => {
      if (performance.now() > deadline) return;
      const left = await runChain(lane, chain, clean, (outcome) => {
        records.add({ ...outcome, commit: commit(), at: `${new Date().toISOString().slice(0, 19)}Z` });
        if (outcome.outcome === 'failed') failed += 1;
        process.stdout.write(`${lineOf(outcome)}\n`);
      }).catch((error: Error): Cell[] => {
        failed += 1;
        process.stdout.write(`✗ undisturbed: ${error.message}\n`);
        return [];
      });
      unsure.push(...left);
    });
    waiting = unsure;
  }
  writeFileSync(join(root, 'docs/fault-matrix.md'), reportOf(records.all, cells));
} finally {
  for (const lane of lanes) await lane.stop();
  program.remove();
}
process.exit(failed === 0 ? 0 : 1);
