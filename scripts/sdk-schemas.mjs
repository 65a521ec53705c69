// The schemas of the AWS clients: without help a bundle holds those of every operation. See `prunableSchemas`.
import { readFile } from 'node:fs/promises';

const NAME = /^const (_\w+) = ("[^"]*");$/gm;
const COMPUTED_KEY = /\[(_\w+)\]:/g;

/**
 * Schemas with the names of their traits in place: `{ [_hE]: 404 }` becomes `{ "httpError": 404 }`.
 *
 * The SDK writes each name once and refers to it. To a bundler a computed key may run code, so it keeps every object that
 * has one, and with it the schemas of all 770 operations of EC2 instead of the thirty that we call.
 *
 * @param source text of a `schemas_0.js` of an AWS client
 */
function prunableSchemas(source) {
  const names = new Map([...source.matchAll(NAME)].map(([, name, text]) => [name, text]));
  return source.replaceAll(COMPUTED_KEY, (key, name) => (names.has(name) ? `${names.get(name)}:` : key));
}

/** Plugin of esbuild that reads the clients' schemas so. */
export const sdkSchemas = {
  name: 'sdk-schemas',
  setup(build) {
    build.onLoad(
      { filter: /[\\/]@aws-sdk[\\/]client-[^\\/]+[\\/]dist-es[\\/]schemas[\\/]schemas_\d+\.js$/ },
      async ({ path }) => ({
        contents: prunableSchemas(await readFile(path, 'utf8')),
      }),
    );
  },
};
