import type { HasMiddleware } from './middleware.ts';

/** Answered by something between here and AWS: whether AWS has carried the call out is not known. */
class NotAws extends Error {
  override readonly name = 'NotAws';
  /** Read by the SDK: the call is sent again where it may be. */
  readonly $retryable = {};
  readonly $metadata: { readonly httpStatusCode: number };

  /** @param what came: "a page of HTML" */
  constructor(status: number, what: string) {
    super(what);
    this.$metadata = { httpStatusCode: status };
    // As the SDK keeps what it could not read.
    Object.defineProperty(this, '$response', { value: { statusCode: status } });
  }
}

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** These answer with what somebody has stored, of whatever type. */
const STORED = /^(Get|Head)Object/;

/** In every answer of S3. Source: S3 API reference, "Common response headers". */
const S3_REQUEST_ID = 'x-amz-request-id';

/**
 * What came instead of an answer of AWS; `undefined` when AWS has answered. Refusals are left to the SDK, which tells
 * AWS's own words from others, but for one: a page with status 404 it takes for AWS's word that a thing is gone.
 */
function impostor({ statusCode, headers }: Answer, command: string): string | undefined {
  if (statusCode >= 300 && statusCode !== 404) return undefined;
  if (STORED.test(command)) return S3_REQUEST_ID in headers ? undefined : 'without a request id of S3';
  return /^text\/html\b/i.test(headers['content-type'] ?? '') ? 'a page of HTML' : undefined;
}

/**
 * Refuses what is not from AWS. The SDK takes a page with status 200 for an answer with nothing in it where AWS speaks
 * XML: no VPC was made, no subnet is there, the bucket has no tags. Where AWS answers with an object's bytes, a page would
 * be a state that is damaged, or a lock that nobody holds.
 */
export function refuseImpostors(client: HasMiddleware): void {
  client.middlewareStack.add(
    (next: (args: unknown) => Promise<{ response: unknown }>, context: { commandName?: string }) =>
      async (args: unknown) => {
        const result = await next(args);
        const answer = result.response as Answer;
        const what = impostor(answer, context.commandName ?? '');
        if (what !== undefined) throw new NotAws(answer.statusCode, what);
        return result;
      },
    // Inside of the deserializer, which reads the body.
    { step: 'deserialize', priority: 'low', name: 'temporalFargateRefuseImpostors', override: true },
  );
}
