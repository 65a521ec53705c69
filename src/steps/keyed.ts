/** `[a, b]` -> `{ subnet1: a, subnet2: b }`: a list as needs. */
export function keyed<K extends string, S>(prefix: K, steps: readonly S[]): Record<`${K}${number}`, S> {
  return Object.fromEntries(steps.map((step, index) => [`${prefix}${index + 1}`, step])) as Record<`${K}${number}`, S>;
}
