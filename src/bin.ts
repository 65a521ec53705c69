#!/usr/bin/env node
// The first thing that runs: no import here may need a newer Node than the one it checks for.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `temporal-fargate needs Node 20.19 or newer; this is ${process.versions.node}. Install a current one from nodejs.org.\n`,
  );
  process.exit(64);
}
silenceSdkWarning();
const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));

/** The AWS SDK warns at every start that it will leave Node 20 in January 2027; package.json's engines say what we support. */
function silenceSdkWarning(): void {
  const emit = process.emitWarning.bind(process);
  process.emitWarning = ((warning: string | Error, ...rest: never[]) => {
    if (/NodeVersionSupportWarning/.test(String(warning))) return;
    emit(warning, ...rest);
  }) as typeof process.emitWarning;
}
