import { toStackConfig } from '../../src/config/stack-config.ts';
import { STAND_IN } from '../../src/config/stand-in.ts';
import { type AnyStep, needsOf } from '../../src/engine/step.ts';
import { infrastructure } from '../../src/steps/index.ts';
import type { Page } from './markdown.ts';

const TOP = `# What \`init\` creates

The steps of the default stack and what each of them needs, made by \`npm run docs\` from the graph that the engine itself works by
(\`src/steps/index.ts\`). An arrow leads from a thing to what is made with it; a dotted one does not wait until it is ready, only
until it exists. What is needed through others as well is left out. \`destroy\` goes the other way.

Names and settings are in [the README](../README.md#what-it-creates), other networks in [network.md](network.md).`;

/** docs/infrastructure.md: the graph of the default stack, as a diagram. */
export function infrastructurePage(): Page {
  const answers = { ...STAND_IN, dataBucket: true };
  const steps: AnyStep[] = infrastructure(toStackConfig(answers, { accountId: '123456789012', partition: 'aws' }));
  const lines = [...steps.map((step) => `  ${nodeOf(step)}["${step.title}"]`), ...steps.flatMap(arrowsTo)];
  const diagram = ['```mermaid', 'flowchart LR', ...lines, '```'].join('\n');
  return { path: 'docs/infrastructure.md', text: `${TOP}\n\n${diagram}\n` };
}

/** Mermaid takes few signs in the name of a node. */
const nodeOf = ({ id }: AnyStep): string => id.replace(/\W/g, '_');

/** From what a step needs, but for what another of its needs has needed already. */
function arrowsTo(step: AnyStep): string[] {
  const needs = needsOf(step);
  return needs
    .filter((need) => !needs.some((other) => other !== need && isBefore(need.step, other.step)))
    .map(({ step: from, until }) => `  ${nodeOf(from)} ${until === 'ready' ? '-->' : '-.->'} ${nodeOf(step)}`);
}

/** Whether the second of two steps needs the first, if only through others. */
const isBefore = (first: AnyStep, second: AnyStep): boolean =>
  needsOf(second).some(({ step }) => step.id === first.id || isBefore(first, step));
