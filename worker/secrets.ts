/** Variables whose values are nobody's business: keys, tokens, passwords, Authorization headers. */
const SECRET_NAME = /(KEY|KEY_DATA|TOKEN|SECRET|PASSWORD|AUTH|AUTHORIZATION)$/i;

/** Shorter texts are no secret worth the garbling. */
const SHORTEST = 4;

/**
 * A function that blackens the secrets of this environment in a text. An error message may quote what was sent or
 * parsed; a private key may be quoted by the line.
 */
export function redactor(env: NodeJS.ProcessEnv): (text: string) => string {
  const values = Object.entries(env).flatMap(([name, value]) => (SECRET_NAME.test(name) && value ? [value] : []));
  const forms = new Set(values.flatMap((value) => [value.trim(), ...value.split('\n').map((line) => line.trim())]));
  // Longest first: a form may contain another.
  const known = [...forms].filter((form) => form.length >= SHORTEST).sort((a, b) => b.length - a.length);
  return (text) => known.reduce((result, form) => result.replaceAll(form, '********'), text);
}
