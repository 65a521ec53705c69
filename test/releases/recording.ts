import type { LoggedCall } from '../helpers/emulator.ts';

/** JSON, in which `{ "base64": "..." }` stands for bytes and `***` for a secret. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [member: string]: Json };

/** A changing call as the emulator has recorded it: see src/sandbox/emulator/recording.py. */
export interface RawCall extends Pick<LoggedCall, 'service' | 'operation'> {
  readonly params: Json;
  readonly answer: Json;
}

/** A call of a kept release. */
export interface RecordedCall extends Omit<RawCall, 'answer'> {
  /** Ids that its answer gave and that later calls or the state use, by where they were: { "Vpc.VpcId": "vpc-0a1b" } */
  readonly gave: Readonly<Record<string, string>>;
}

/** An id that AWS makes up. Nothing of this form may come from anywhere but an answer. */
const MADE_UP = /\b(?:vpc|subnet|igw|nat|eipalloc|rtb|rtbassoc|sg|sgr|vpce|acl|eni)-[0-9a-f]{8,17}\b/g;

/**
 * What is kept of a recording. Lock and state document are left out: the one is given back, the other is kept by itself.
 * Pure. Throws where a call uses an id that no call before it has given: it could not be repeated.
 *
 * @param state the text of the state document
 */
export function keptOf(recording: readonly RawCall[], state: string): RecordedCall[] {
  const calls = recording.filter(({ service, params }) => !(service === 's3' && isOfState(params)));
  const texts = [...calls.map(({ params }) => JSON.stringify(params)), state];
  const given = new Set<string>();
  const kept = calls.map(({ answer, ...call }, at): RecordedCall => {
    refuseStrangers(`call ${at + 1}, ${call.service} ${call.operation}: no call before it`, texts[at] ?? '', given);
    const before = texts.slice(0, at + 1).join('\n');
    const after = texts.slice(at + 1).join('\n');
    const gave = Object.entries(leavesOf(answer)).filter(
      ([, value]) => value.length >= SHORTEST && after.includes(value) && !before.includes(value) && !given.has(value),
    );
    for (const [, value] of gave) given.add(value);
    return { ...call, gave: Object.fromEntries(gave) };
  });
  refuseStrangers('the state: no call', state, given);
  return kept;
}

function refuseStrangers(who: string, text: string, given: ReadonlySet<string>): void {
  const stranger = text.match(MADE_UP)?.find((id) => !given.has(id));
  if (stranger) throw new Error(`${who} gave ${stranger}`);
}

/** Shorter texts, such as the state of a thing, are in other texts by chance. */
const SHORTEST = 8;

const isOfState = (params: Json): boolean =>
  isObject(params) && /^[^/]+\/(state|lock)\.json$/.test(String(params.Key ?? ''));

/** Every text in it by its path: { "Vpc.VpcId": "vpc-0a1b", "Set.0.Name": "x" } */
export function leavesOf(value: Json, path: readonly (string | number)[] = []): Record<string, string> {
  if (typeof value === 'string') return { [path.join('.')]: value };
  if (typeof value !== 'object' || value === null) return {};
  return Object.assign({}, ...Object.entries(value).map(([key, inner]) => leavesOf(inner, [...path, key])));
}

const isObject = (value: Json): value is { readonly [member: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Former ids and those that their things have now. */
export type Names = ReadonlyMap<string, string>;

/** The same text with each former id replaced. Pure. */
export function renamed(text: string, names: Names): string {
  // The longest first: an ARN may end with an id.
  const former = [...names].sort(([a], [b]) => b.length - a.length);
  return former.reduce((changed, [id, now]) => changed.replaceAll(id, now), text);
}
