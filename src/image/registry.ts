import { Cancelled, UserError } from '../errors.ts';
import { sha256 } from './blob.ts';
import type { BlobSource } from './download.ts';
import { type ImageReader, MANIFEST_TYPES, type Manifest } from './oci-manifest.ts';
import type { ImageReference } from './reference.ts';
import type { Fetch } from './source.ts';

const FIX_PRIVATE = {
  '--base-image':
    'Only public images can be a base: name another with --base-image, or build with Docker and give --image.',
  '--image':
    "Copy it to a repository in the stack's own account and region (ECR), which needs no login, and give --image that.",
} as const;

/** Until the first byte of an answer, in milliseconds. A layer itself may take as long as it takes. */
const ANSWER_TIMEOUT_MS = 30_000;

/** By which the person named the image. */
type Flag = keyof typeof FIX_PRIVATE;

/**
 * Reads public images from a registry of the OCI distribution specification 1.1, with the anonymous token that it hands
 * out. Throws UserErrors: REGISTRY_UNREACHABLE, IMAGE_NOT_FOUND, REGISTRY_REFUSES, IMAGE_DAMAGED.
 */
export class Registry implements ImageReader, BlobSource {
  readonly #reference: ImageReference;
  readonly #flag: Flag;
  readonly #signal: AbortSignal | undefined;
  readonly #send: Fetch;
  #token: string | undefined;

  constructor(reference: ImageReference, flag: Flag, signal?: AbortSignal, send: Fetch = fetch) {
    this.#reference = reference;
    this.#flag = flag;
    this.#signal = signal;
    this.#send = send;
  }

  async manifest(name: string): Promise<Manifest> {
    const response = await this.#get(`manifests/${name}`, { accept: MANIFEST_TYPES.join(', ') });
    return this.#checked(new Uint8Array(await this.#body(response.arrayBuffer())), name);
  }

  async blob(digest: string): Promise<unknown> {
    const response = await this.#get(`blobs/${digest}`);
    return this.#checked(new Uint8Array(await this.#body(response.arrayBuffer())), digest).content;
  }

  async open(digest: string, first: number): Promise<{ first: number; bytes: AsyncIterable<Uint8Array> }> {
    const response = await this.#get(`blobs/${digest}`, first > 0 ? { range: `bytes=${first}-` } : {});
    if (response.body === null) throw this.#broken(new Error('it sent no bytes'));
    return { first: response.status === 206 ? first : 0, bytes: this.#bytes(response.body) };
  }

  async *#bytes(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (cause) {
      throw this.#broken(cause);
    }
  }

  #checked(bytes: Uint8Array, name: string): Manifest {
    const digest = sha256(bytes);
    if (name.startsWith('sha256:') && digest !== name) {
      throw this.#error(
        'IMAGE_DAMAGED',
        `what it sent for ${name} has the digest ${digest}`,
        'Run the same command again.',
      );
    }
    try {
      return { digest, content: JSON.parse(Buffer.from(bytes).toString('utf8')) };
    } catch (cause) {
      throw this.#error('IMAGE_DAMAGED', `what it sent for ${name} is not JSON`, 'A proxy may be in the way.', cause);
    }
  }

  async #get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    const { registry, repository } = this.#reference;
    // As Docker has it: without TLS to this machine only.
    const scheme = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(registry) ? 'http' : 'https';
    const url = `${scheme}://${registry}/v2/${repository}/${path}`;
    const attempt = (): Promise<Response> =>
      this.#fetch(url, this.#token === undefined ? headers : { ...headers, authorization: `Bearer ${this.#token}` });
    let response = await attempt();
    if (response.status === 401) {
      this.#token = await this.#newToken(response.headers.get('www-authenticate') ?? '');
      response = await attempt();
    }
    if (response.ok) return response;
    throw this.#refused(response.status, path);
  }

  /** The challenge says where anybody gets a token: `Bearer realm="https://…",service="…",scope="…"`. */
  async #newToken(challenge: string): Promise<string | undefined> {
    const parts = Object.fromEntries([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]));
    if (!/^bearer /i.test(challenge) || parts.realm === undefined || !URL.canParse(parts.realm)) return undefined;
    const url = new URL(parts.realm);
    if (parts.service) url.searchParams.set('service', parts.service);
    url.searchParams.set('scope', parts.scope ?? `repository:${this.#reference.repository}:pull`);
    const response = await this.#fetch(url.href, {});
    if (!response.ok) return undefined;
    const answer = (await this.#body(response.json())) as { token?: string; access_token?: string };
    return answer.token ?? answer.access_token;
  }

  async #fetch(url: string, headers: Readonly<Record<string, string>>): Promise<Response> {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(new Error('it did not answer within 30 s')), ANSWER_TIMEOUT_MS);
    const signals = [timeout.signal, ...(this.#signal ? [this.#signal] : [])];
    try {
      // Redirects to where the bytes are stored are followed, and the token is not sent along.
      return await this.#body(this.#send(url, { headers, signal: AbortSignal.any(signals) }));
    } finally {
      clearTimeout(timer);
    }
  }

  async #body<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (cause) {
      throw this.#broken(cause);
    }
  }

  #broken(cause: unknown): Error {
    if (this.#signal?.aborted) return new Cancelled();
    const { message, cause: inner } = cause as Error;
    const why = inner instanceof Error ? inner.message : message;
    const fix = `Check the network and its proxy, or name another image with ${this.#flag}.`;
    return this.#error('REGISTRY_UNREACHABLE', why, fix, cause);
  }

  #refused(status: number, path: string): UserError {
    if (status === 404) {
      const [kind, name] = path.split('/');
      const what = kind === 'manifests' ? 'image' : 'layer';
      return this.#error('IMAGE_NOT_FOUND', `it has no ${what} ${name}`, `Name one that exists with ${this.#flag}.`);
    }
    if (status === 401 || status === 403) {
      const fix = FIX_PRIVATE[this.#flag];
      return this.#error('REGISTRY_REFUSES', `it gives this image to nobody without a login (HTTP ${status})`, fix);
    }
    const fix = status === 429 ? 'It limits downloads: try again later.' : 'Try again in a moment.';
    return this.#error('REGISTRY_REFUSES', `it answers with HTTP ${status}`, fix);
  }

  #error(code: string, problem: string, fix: string, cause?: unknown): UserError {
    const { registry, repository } = this.#reference;
    return new UserError({ code, message: `reading ${repository} from ${registry}: ${problem}`, fix, cause });
  }
}
