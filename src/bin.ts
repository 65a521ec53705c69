#!/usr/bin/env node
// The first thing that runs: no import here may need a newer Node than the one it checks for.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `temporal-fargate needs Node 20.19 or newer; this is ${process.versions.node}. Install a current one from nodejs.org.\n`,
  );
  process.exit(64);
}
// The AWS SDK would say at every start that it leaves Node 20 in January 2027; main says it in one line of ours.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
// What a library should not do any more is not for the person who runs this.
process.noDeprecation = true;
const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
