/** The word that was probably meant, or `undefined`: another spelling of it, or at most two slips away. */
export function closest(word: string, words: readonly string[]): string | undefined {
  const ranked = words
    .map((candidate) => ({ candidate, slips: slips(plain(word), plain(candidate)) }))
    .sort((a, b) => a.slips - b.slips);
  const [best] = ranked;
  // Of a short word, two slips leave nothing that could be known.
  return best && best.slips <= Math.min(2, Math.floor(plain(word).length / 3)) ? best.candidate : undefined;
}

/** task_queue, task-queue and TaskQueue are one word. */
const plain = (word: string): string => word.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Letters to add, drop, change or swap with their neighbour until one word is the other (Damerau-Levenshtein distance). */
function slips(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...one].entries()) {
    const next = [i + 1];
    for (const [j, otherLetter] of [...other].entries()) {
      const change = (row[j] ?? 0) + (letter === otherLetter ? 0 : 1);
      const swapped = i > 0 && j > 0 && letter === other[j - 1] && one[i - 1] === otherLetter;
      const swap = swapped ? (before[j - 1] ?? 0) + 1 : change;
      next.push(Math.min(change, swap, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    [before, row] = [row, next];
  }
  return row.at(-1) ?? 0;
}
