// A process in which the built program is loaded already: runs command lines that it is sent, several side by side.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// As in src/bin.ts, which is not loaded.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
process.noDeprecation = true;
const chunks = join(process.argv[2], 'chunks');
const main = readdirSync(chunks).find((name) => /^main-.*\.js$/.test(name));
const { runProgram } = await import(pathToFileURL(join(chunks, main)).href);

process.on('message', async ({ n, args }) => {
  const streams = {
    out: (text) => process.send({ n, stream: 'stdout', text }),
    err: (text) => process.send({ n, stream: 'stderr', text }),
  };
  const code = await runProgram(args, streams, new AbortController().signal);
  process.send({ n, code });
});
process.send('ready');
