import type { HasMiddleware } from './middleware.ts';

/** Answered with a success by something between here and AWS: whether AWS has carried the call out is not known. */
class NotAws extends Error {
  override readonly name = 'NotAws';
  /** Read by the SDK: the call is sent again where it may be. */
  readonly $retryable = {};
  readonly $metadata: { readonly httpStatusCode: number };

  constructor(status: number) {
    super('a page of HTML');
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

/**
 * Refuses pages. The SDK takes one with status 200 for an answer with nothing in it where AWS speaks XML: no VPC was
 * made, no subnet is there, the bucket has no tags.
 */
export function refusePages(client: HasMiddleware): void {
  client.middlewareStack.add(
    (next: (args: unknown) => Promise<{ response: unknown }>, context: { commandName?: string }) =>
      async (args: unknown) => {
        const result = await next(args);
        const { statusCode, headers } = result.response as Answer;
        const isPage = /^text\/html\b/i.test(headers['content-type'] ?? '');
        if (isPage && statusCode < 300 && !STORED.test(context.commandName ?? '')) throw new NotAws(statusCode);
        return result;
      },
    // Inside of the deserializer, which reads the body.
    { step: 'deserialize', priority: 'low', name: 'temporalFargateRefusePages', override: true },
  );
}
