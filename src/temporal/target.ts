/** Where a Temporal server is and how it is spoken to. */
export interface TemporalTarget {
  /** `host:port` */
  readonly address: string;
  readonly namespace: string;
  readonly tls: boolean;
  /** PEM; left out for the public CAs. */
  readonly serverCaCert?: string | undefined;
  readonly serverName?: string | undefined;
}

/** What a client shows of itself. */
export interface Credentials {
  readonly apiKey?: string | undefined;
  /** PEM */
  readonly clientCert?: string | undefined;
  readonly clientKey?: string | undefined;
}
