/** One piece of work in a graph. */
export interface Piece {
  readonly id: string;
  /** How far each of these must have come before it starts. Ids that are not among the pieces count as done. */
  readonly after: readonly { readonly id: string; readonly until: 'created' | 'ready' }[];
  /** Seconds from its start until it is created, and from then on until it is ready. */
  readonly create: number;
  readonly ready: number;
}

export interface Scheduled {
  readonly id: string;
  /** Seconds from the start of everything. */
  readonly start: number;
  readonly created: number;
  readonly ready: number;
  /** The piece that it waited for last; absent for what starts at once. */
  readonly because?: string;
}

/** Each piece at the earliest possible moment, however many at once. Throws for a circle. */
export function earliest(pieces: readonly Piece[]): Map<string, Scheduled> {
  const byId = new Map(pieces.map((piece) => [piece.id, piece]));
  const done = new Map<string, Scheduled>();
  const place = (piece: Piece, path: readonly string[]): Scheduled => {
    const known = done.get(piece.id);
    if (known) return known;
    if (path.includes(piece.id)) throw new Error(`a circle: ${[...path, piece.id].join(' -> ')}`);
    let start = 0;
    let because: string | undefined;
    for (const { id, until } of piece.after) {
      const need = byId.get(id);
      const end = need && place(need, [...path, piece.id])[until];
      if (end === undefined || end <= start) continue;
      start = end;
      because = id;
    }
    const created = start + piece.create;
    const scheduled = { id: piece.id, start, created, ready: created + piece.ready, ...(because && { because }) };
    done.set(piece.id, scheduled);
    return scheduled;
  };
  for (const piece of pieces) place(piece, []);
  return done;
}

/** The chain of pieces that nothing could make shorter but these pieces themselves, the first one first. */
export function criticalPath(pieces: readonly Piece[]): Scheduled[] {
  const all = earliest(pieces);
  const chain: Scheduled[] = [];
  let current = [...all.values()].reduce<Scheduled | undefined>(
    (last, one) => (last && last.ready >= one.ready ? last : one),
    undefined,
  );
  while (current) {
    chain.unshift(current);
    current = current.because === undefined ? undefined : all.get(current.because);
  }
  return chain;
}
