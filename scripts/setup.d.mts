/** The clone. */
export const root: string;
/** Where tests, demo and bench keep what is made once. */
export const cacheDir: string;
/** A line on standard error. */
export function say(line: string): void;
/** The environment in which tests, demo and bench run. */
export function safeEnvironment(): NodeJS.ProcessEnv;
