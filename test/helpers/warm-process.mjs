// A process in which the built program is loaded already: runs command lines that it is sent, several side by side when
// they bring no environment.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

takeOn(process.env);
process.noDeprecation = true;
const chunks = join(process.argv[2], 'chunks');
const main = readdirSync(chunks).find((name) => /^main-.*\.js$/.test(name));
const { runProgram } = await import(pathToFileURL(join(chunks, main)).href);

process.on('message', async ({ n, args, env }) => {
  const streams = {
    out: (text) => process.send({ n, stream: 'stdout', text }),
    err: (text) => process.send({ n, stream: 'stderr', text }),
  };
  if (env) {
    takeOn(env);
    // Commander tells the process itself what is wrong with a command line.
    process.stderr.write = streams.err;
  }
  const code = await runProgram(args, streams, new AbortController().signal);
  process.send({ n, code });
});
process.send('ready');

function takeOn(env) {
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  // As in src/bin.ts, which is not loaded.
  Object.assign(process.env, env, { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' });
}
