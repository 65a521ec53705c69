/**
 * What the exit codes of a container mean: below 126 the program's own, 126 and 127 the shell's, and above 128 the
 * number of the signal that ended it (POSIX, "Exit Status for Commands"; `man 7 signal`).
 */
const MEANINGS: Readonly<Record<number, string>> = {
  0: 'ended without an error',
  1: 'ended with an error',
  126: 'a program that may not be executed, or is for another architecture',
  127: 'no such program',
  130: 'SIGINT',
  132: 'SIGILL: native code for another processor',
  134: 'SIGABRT: given up by the program itself, as Node does when its heap is full',
  137: 'SIGKILL: out of memory, or still there at the end of the stop timeout',
  139: 'SIGSEGV: a crash in native code',
  143: 'SIGTERM: ended by the stop signal at once, without draining',
};

/** "137 (SIGKILL: out of memory, ...)": an exit code as a person reads it. */
export function exitCodeText(code: number): string {
  const meaning = MEANINGS[code] ?? (code > 128 && code <= 128 + 64 ? `signal ${code - 128}` : undefined);
  return meaning === undefined ? String(code) : `${code} (${meaning})`;
}
