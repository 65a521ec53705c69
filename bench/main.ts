// `npm run bench`: what this program costs, beside Terraform and by itself. See bench/NOTES.md.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { say } from '../scripts/setup.mjs';
import { awsDelays } from './aws-delays.ts';
import { compare } from './compare.ts';
import { deploy } from './deploy.ts';
import { growth } from './growth.ts';
import { install } from './install.ts';
import { type Findings, type Goal, goalsTable, keep, markdown, tableText, whereOf } from './report.ts';
import type { Settings } from './settings.ts';
import { startup } from './startup.ts';
import { BIN } from './temporal-fargate.ts';

const PARTS: Readonly<Record<string, (settings: Settings) => Findings | Promise<Findings>>> = {
  compare,
  'aws-delays': awsDelays,
  startup,
  growth,
  deploy,
  install,
};

// The SDK would say at each start of a client that it leaves this version of Node.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: Object.keys(PARTS) },
    runs: { type: 'string', default: '5' },
    'slow-runs': { type: 'string', default: '1' },
    delays: { type: 'string', default: '0,40,80' },
    scale: { type: 'string', default: '0.3' },
    stacks: { type: 'string', default: '1,10,50' },
    'plugin-dir': { type: 'string', default: process.env.TF_PLUGIN_DIR },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(`npm run bench -- [options]
  --only PART          ${Object.keys(PARTS).join(', ')}; may be given again; all of them by default
  --runs N             of each work by each peer at 0 ms per call (5)
  --slow-runs N        the same at the other delays (1)
  --delays MS,MS       added to each call (0,40,80)
  --plugin-dir FOLDER  with Terraform's AWS provider, or TF_PLUGIN_DIR; without it Terraform is absent
  --stacks N,N         in one account, in the part on growth (1,10,50)
  --scale NUMBER       of AWS's own delays, in the part with them (0.3)
`);
  process.exit();
}

if (!existsSync(BIN)) throw new Error('the program is not built: npm run build');

const settings: Settings = {
  runs: (delayMs) => Number(delayMs === 0 ? values.runs : values['slow-runs']),
  delays: values.delays.split(',').map(Number),
  pluginDir: values['plugin-dir'],
  scale: Number(values.scale),
  stacks: values.stacks.split(',').map(Number),
  note: (text) => say(`${new Date().toISOString().slice(11, 19)} ${text}`),
};

const goals: Goal[] = [];
for (const name of values.only) {
  const part = PARTS[name];
  if (part === undefined) throw new Error(`no part ${name}: ${Object.keys(PARTS).join(', ')}`);
  settings.note(`${name} ...`);
  try {
    const findings = await part(settings);
    const where = whereOf(findings);
    keep(name, findings, where);
    process.stdout.write(`${markdown({ ...findings, goals: [] }, where)}\n`);
    goals.push(...findings.goals);
  } catch (error) {
    // The other parts take minutes, and say something without this one.
    settings.note(`${name} failed: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
process.stdout.write(tableText(goalsTable(goals)));
