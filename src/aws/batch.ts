/**
 * Joins look-ups that are asked for at the same time into one call, as `DescribeSubnets` can answer for all subnets.
 * Nothing is cached: a look-up that comes later is a new call.
 *
 * @param fetch answers for all keys at once; keys without an answer are simply missing from its map
 */
export function batched<V>(
  fetch: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>,
): (key: string) => Promise<V | undefined> {
  let open: { keys: Set<string>; answer: Promise<ReadonlyMap<string, V>> } | undefined;
  return async (key) => {
    if (!open) {
      const keys = new Set<string>();
      const answer = joinWindow().then(() => {
        open = undefined;
        return fetch([...keys]);
      });
      open = { keys, answer };
    }
    open.keys.add(key);
    const { answer } = open;
    return (await answer).get(key);
  };
}

/** Long enough for the steps of one turn of the scheduler to arrive, too short to be noticed. */
const WINDOW_MS = 5;
const joinWindow = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
