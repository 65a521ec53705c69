/** Replaces secrets in text, in every form in which output may carry them. */
export class Redactor {
  private readonly forms = new Set<string>();

  /** Texts of fewer than 4 characters are no secret worth the garbling. */
  add(secret: string): void {
    if (secret.length < 4) return;
    const base64 = Buffer.from(secret).toString('base64');
    const forms = [
      secret,
      base64,
      base64.replaceAll('=', ''),
      Buffer.from(secret).toString('base64url'),
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      JSON.stringify(JSON.stringify(secret).slice(1, -1)).slice(1, -1),
    ];
    for (const form of forms) this.forms.add(form);
  }

  redact(text: string): string {
    // Longest first: a form may contain another.
    const longestFirst = [...this.forms].sort((a, b) => b.length - a.length);
    return longestFirst.reduce((result, form) => result.replaceAll(form, '********'), text);
  }
}

/**
 * What this process must not show. One for all of its runs and for what ends it: a secret of one is none the less one
 * for the others.
 */
export const SECRETS = new Redactor();
