import { AdaptiveRetryStrategy, StandardRetryStrategy } from '@smithy/core/retry';
import type { RetryErrorInfo, RetryToken, StandardRetryToken } from '@smithy/types';
import { hasName } from './errors.ts';

/**
 * What must not be tried again although the SDK would: it takes LimitExceededException for throttling, but with the
 * services used here it is a quota, which no waiting mends.
 */
function assertWorthTrying({ error }: RetryErrorInfo): void {
  if (hasName(error, 'LimitExceededException')) throw error;
}

/** Retries throttling, lost connections and faults of AWS. */
export class Patient extends StandardRetryStrategy {
  override async refreshRetryTokenForRetry(
    token: StandardRetryToken,
    info: RetryErrorInfo,
  ): Promise<StandardRetryToken> {
    assertWorthTrying(info);
    return super.refreshRetryTokenForRetry(token, info);
  }
}

/** Also sends less while AWS throttles: for services that many programs of an account share. */
export class PatientAndSlow extends AdaptiveRetryStrategy {
  override async refreshRetryTokenForRetry(token: StandardRetryToken, info: RetryErrorInfo): Promise<RetryToken> {
    assertWorthTrying(info);
    return super.refreshRetryTokenForRetry(token, info);
  }
}

/**
 * Retries throttling only. For creates that AWS cannot recognise when they are repeated (no client token, no unique
 * name): after a lost answer the SDK must not send them again; the engine looks by tag first.
 */
export class ThrottlingOnly extends Patient {
  override async refreshRetryTokenForRetry(
    token: StandardRetryToken,
    info: RetryErrorInfo,
  ): Promise<StandardRetryToken> {
    if (info.errorType !== 'THROTTLING') throw info.error ?? new Error('not retried');
    return super.refreshRetryTokenForRetry(token, info);
  }
}
