/** What all of the SDK's clients have in common where calls are watched. */
export interface HasMiddleware {
  // The clients' command types differ; only these members are used, and each middleware passes everything on.
  readonly middlewareStack: {
    // biome-ignore lint/suspicious/noExplicitAny: see above
    add(middleware: (next: any, context: any) => any, options: any): void;
    // biome-ignore lint/suspicious/noExplicitAny: see above
    addRelativeTo(middleware: (next: any, context: any) => any, options: any): void;
  };
}
