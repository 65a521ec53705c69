// Runs the built program again and again in one process: `{ args }` by message, `{ code, stdout, stderr }` back.
// Only the entry is evaluated anew, so that a run costs no start of Node and no loading of the SDK.
import { pathToFileURL } from 'node:url';

const bin = process.argv[2];
let output = { stdout: '', stderr: '' };
for (const name of ['stdout', 'stderr']) {
  // Each run listens for a closed pipe.
  process[name].setMaxListeners(0);
  process[name].write = (text) => {
    output[name] += text;
    return true;
  };
}

let runs = 0;
process.on('message', async ({ args }) => {
  output = { stdout: '', stderr: '' };
  process.argv = [process.execPath, bin, ...args];
  process.exitCode = undefined;
  runs += 1;
  await import(`${pathToFileURL(bin)}?run=${runs}`);
  process.send({ code: process.exitCode ?? 0, ...output });
});
