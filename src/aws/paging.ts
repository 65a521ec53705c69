/**
 * The pages of a listing, one call each. A page may be empty although others follow.
 *
 * @param read makes the call; `undefined` when there is nothing to list
 */
export async function* pagesOf<P extends { readonly nextToken?: string | undefined }>(
  read: (nextToken: string | undefined) => Promise<P | undefined>,
): AsyncGenerator<P> {
  let nextToken: string | undefined;
  do {
    const page = await read(nextToken);
    if (page !== undefined) yield page;
    nextToken = page?.nextToken;
  } while (nextToken !== undefined);
}

/** Things in groups of as many as one call takes, in their order. */
export const batchesOf = <T>(things: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(things.length / size) }, (_, at) => things.slice(at * size, (at + 1) * size));
