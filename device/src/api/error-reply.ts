import { type ErrorEnvelope, errorTable, FeederError } from '@cat-feeder/shared';
import type { Logger } from '../platform/logger.ts';

/** The envelope of a failure. What nobody planned is logged in full and told as `ERR_INTERNAL` only. */
export function errorReply(error: unknown, requestId: string, log: Logger): ErrorEnvelope {
  if (error instanceof FeederError && error.code !== 'ERR_INTERNAL') {
    if (error.code === 'ERR_UNAVAILABLE') {
      // Foreseen and harmless; a page in many tabs asks again every few seconds.
      log.info(
        { requestId, code: error.code, reason: error.message },
        'A request was turned away.',
      );
    } else if (error.status >= 500) {
      log.error({ requestId, code: error.code, err: error }, 'A request failed.');
    }
    const { code, message, status, hint, retry, details } = error;
    return { error: { code, message, status, requestId, hint, retry, details: [...details] } };
  }
  log.error({ requestId, err: error }, 'A request failed in a way that nobody planned.');
  const { message, status, hint, retry } = errorTable.ERR_INTERNAL;
  return { error: { code: 'ERR_INTERNAL', message, status, requestId, hint, retry, details: [] } };
}
