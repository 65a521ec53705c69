import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { ApplicationFailure, activityInfo, cancellationSignal, log } from '@temporalio/activity';

export interface MessageInput {
  readonly message: string;
}

/** What activities need from outside, so that a test can hand in its own. */
export interface ActivityDependencies {
  readonly s3: S3Client;
  readonly bucket: string | undefined;
}

/** S3 errors that stay the same however often one tries, and what they mean. */
const PERMANENT: Record<string, string> = {
  AccessDenied: "the task role may not write to it (its policy, or the bucket's)",
  NoSuchBucket: 'the bucket does not exist',
};

export type Activities = ReturnType<typeof createActivities>;

export function createActivities({ s3, bucket }: ActivityDependencies) {
  return {
    /**
     * Writes the message to a text file and returns its `s3://` path. A retry writes the same content to the same key.
     * @throws ApplicationFailure `InvalidInput`, `NoDataBucket`, or an S3 error's name when trying again cannot help
     */
    async writeMessage(input?: Partial<MessageInput>): Promise<string> {
      const message = input?.message;
      if (typeof message !== 'string' || message === '') {
        throw ApplicationFailure.create({
          type: 'InvalidInput',
          message: 'the input has no message; it must look like {"message": "some text"}',
        });
      }
      if (bucket === undefined) {
        throw ApplicationFailure.create({
          type: 'NoDataBucket',
          message: 'the stack has no data bucket to write to: DATA_BUCKET is not set',
          nonRetryable: true,
        });
      }
      const { workflowExecution: execution } = activityInfo();
      const key = `messages/${execution?.workflowId}/${execution?.runId}.txt`;
      const path = `s3://${bucket}/${key}`;
      const put = new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: message,
        ContentType: 'text/plain; charset=utf-8',
      });
      try {
        await s3.send(put, { abortSignal: cancellationSignal() });
      } catch (error) {
        throw writeFailure(path, error);
      }
      log.info('message written', { path });
      return path;
    },
  };
}

function writeFailure(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error.name === 'AbortError') return error;
  const reason = PERMANENT[error.name];
  return ApplicationFailure.create({
    type: error.name,
    message: `writing ${path} failed: ${reason ?? error.message}`,
    nonRetryable: reason !== undefined,
    cause: error,
  });
}
