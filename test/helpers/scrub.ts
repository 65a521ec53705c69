import { infrastructure } from '../../src/steps/index.ts';
import { referenceConfig } from './aws-stack.ts';

/** What differs from run to run although nothing has changed: ids, digests, times, counts of calls. */
const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/\b(vpc|subnet|igw|rtb|nat|eipalloc|sg|vpce|eni)-[0-9a-f]{8,}\b/g, '$1-…'],
  [/\bsha256:[0-9a-f]{64}\b/g, 'sha256:…'],
  [/\b[0-9a-f]{32}\b/g, '<task id>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uuid>'],
  [/(secret:[\w/-]+?)-\w{6}\b/g, '$1-??????'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>'],
  // Only what took its time says how long.
  [/ \(\d+(\.\d+)? (s|min)( \d+ s)?\)$/gm, ''],
  [/\b\d+(\.\d+)? (s|min)\b/g, '… $2'],
  [/"(elapsedMs|ms)":\d+/g, '"$1":0'],
  [/"(aws|polls|preflight|refused|state)":\d+/g, '"$1":0'],
  [/AWS calls: [^"\n]*/g, 'AWS calls: …'],
  [/\d+\.\d\d \$/g, '… $'],
  [/"(monthly\w*|min|max)":\d+\.\d+/g, '"$1":0'],
  [/127\.0\.0\.1:\d{4,5}/g, '127.0.0.1:<port>'],
  [/\b(arm64|x86_64)\b/g, '<architecture>'],
  // It stands where the build ends, beside whatever else runs.
  [/^(\{"type":"note","text":")?built sha256:.*\n/gm, ''],
  [/! Node \d+.*\n|.*has reached its end of life.*\n/g, ''],
];

/** Output without what differs from run to run. */
export function scrub(text: string): string {
  const plain = VOLATILE.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text);
  return `${inGraphOrder(plain.trimEnd().split('\n')).join('\n')}\n`;
}

const STEPS = infrastructure(referenceConfig());

/**
 * Steps run side by side, and waits are seen or not: lines of progress that stand together are put in the order of the
 * graph (deletions in the reverse one), those about waiting and about an image, which is built meanwhile, are left out.
 */
function inGraphOrder(lines: readonly string[]): string[] {
  const sorted: string[] = [];
  let block: { line: string; place: number }[] = [];
  const flush = (): void => {
    sorted.push(...block.sort((a, b) => a.place - b.place).map(({ line }) => line));
    block = [];
  };
  for (const [index, line] of lines.entries()) {
    if (/^… |"event":"(waiting|note)"|^(\{"type":"note","text":")?built sha256:/.test(line)) continue;
    const place = /^ {2}/.test(lines[index + 1] ?? '') ? undefined : placeOf(line);
    if (place === undefined) {
      flush();
      sorted.push(line);
    } else block.push({ line, place });
  }
  flush();
  return sorted;
}

/** Place of the step that a line of progress is about; `undefined` for any other line. */
function placeOf(line: string): number | undefined {
  const ids = /^\{"type":"step".*?"id":"([^"]+)"/.exec(line);
  const about = ids ? undefined : /^[✔✖•-] (.*)$/.exec(line)?.[1];
  const found = STEPS.filter(({ id, title }) => (ids ? ids[1] === id : about?.includes(title)));
  // The longest title wins: "ECS service" may be a part of another one.
  const [step] = found.sort((a, b) => b.title.length - a.title.length);
  if (step === undefined) return undefined;
  return / deleted: |"action":"delete"/.test(line) ? -STEPS.indexOf(step) : STEPS.indexOf(step);
}
