/**
 * Every error code of the product: what it means, what the person in front of the feeder can do,
 * whether trying again helps, and the HTTP status it becomes. docs/errors.md is made from here.
 */
export type Retry = 'now' | 'later' | 'never';

interface ErrorEntry {
  readonly status: number;
  readonly retry: Retry;
  readonly message: string;
  readonly hint: string;
}

const table = {
  ERR_VALIDATION: {
    status: 400,
    retry: 'never',
    message: 'The request does not fit its description.',
    hint: 'Correct the fields named in details.',
  },
  ERR_MALFORMED_JSON: {
    status: 400,
    retry: 'never',
    message: 'The body is not valid JSON.',
    hint: 'Send one JSON value in UTF-8.',
  },
  ERR_BODY_TOO_LARGE: {
    status: 413,
    retry: 'never',
    message: 'The body is larger than this route accepts.',
    hint: 'Send less than 64 KiB.',
  },
  ERR_UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    retry: 'never',
    message: 'The body must be application/json.',
    hint: 'Set the header content-type: application/json.',
  },
  ERR_NOT_FOUND: {
    status: 404,
    retry: 'never',
    message: 'There is nothing at this address or with this id.',
    hint: 'List the collection to see which ids exist.',
  },
  ERR_METHOD_NOT_ALLOWED: {
    status: 405,
    retry: 'never',
    message: 'This address does not take this method.',
    hint: 'See the Allow header, or /api/v1/openapi.json.',
  },
  ERR_RANGE: {
    status: 416,
    retry: 'never',
    message: 'The file has no such bytes.',
    hint: 'See the header Content-Range for its length.',
  },
  ERR_FILE_DAMAGED: {
    status: 410,
    retry: 'never',
    message: 'The file is not what was recorded: its length is another.',
    hint: 'Nothing of it can be shown any more. Delete the clip, or bring back its file.',
  },
  ERR_CONFLICT: {
    status: 409,
    retry: 'never',
    message: 'The change does not fit the present state.',
    hint: 'Read the entity again and repeat the change on it.',
  },
  ERR_BUSINESS_RULE: {
    status: 422,
    retry: 'never',
    message: 'The values are well formed but a rule forbids them.',
    hint: 'See details for the rule and its numbers.',
  },
  ERR_BUSY: {
    status: 409,
    retry: 'later',
    message: 'Another feeding is running; only one may use the dispenser.',
    hint: 'Wait until it ends, then ask again with a new requestId.',
  },
  ERR_COMMAND_EXPIRED: {
    status: 410,
    retry: 'never',
    message: 'The command expired before it could be claimed, so it was refused and recorded.',
    hint: 'If food is still wanted, ask again with a new requestId.',
  },
  ERR_REQUEST_ID_REUSED: {
    status: 409,
    retry: 'never',
    message: 'This requestId was used before with other values.',
    hint: 'Use a new requestId for a new wish.',
  },
  ERR_LIMIT_REACHED: {
    status: 422,
    retry: 'later',
    message: 'This portion would pass a feeding limit.',
    hint: 'See details for the limit, what was served, and what may still be served.',
  },
  ERR_REFUSED: {
    status: 409,
    retry: 'later',
    message: 'The feeder refused this feeding.',
    hint: 'See details for the rule that decided it.',
  },
  ERR_HARDWARE_FAULT: {
    status: 409,
    retry: 'later',
    message: 'A hardware fault keeps the motor off.',
    hint: 'See /api/v1/status for the fault, mend its cause, then clear it.',
  },
  ERR_NOT_STABLE: {
    status: 409,
    retry: 'now',
    message: 'The bowl did not come to rest in time.',
    hint: 'Keep hands and cats off the bowl and try again.',
  },
  ERR_CALIBRATION_REFUSED: {
    status: 422,
    retry: 'never',
    message: 'The calibration was refused because its numbers are not plausible.',
    hint: 'Check that the bowl is empty, or that the known mass lies on it, and try again.',
  },
  ERR_SCALE_SILENT: {
    status: 503,
    retry: 'later',
    message: 'The scale gives no readings.',
    hint: 'Check the plug and the cable of the load cell.',
  },
  ERR_CAMERA: {
    status: 503,
    retry: 'later',
    message: 'The camera gives no picture, or no clip could be made of it.',
    hint: 'See the camera in /api/v1/status; meals do not depend on it.',
  },
  ERR_CONTROLLER_LOST: {
    status: 503,
    retry: 'later',
    message: 'The control loop gives no sign of life, so the daemon restarts with the motor off.',
    hint: 'Wait half a minute; if it happens again, see the log.',
  },
  ERR_STORAGE: {
    status: 503,
    retry: 'later',
    message: 'The change could not be written to disk, so nothing was changed.',
    hint: 'Check free space and the health of the card; see feeder doctor.',
  },
  ERR_UNAVAILABLE: {
    status: 503,
    retry: 'later',
    message: 'The feeder is starting or stopping.',
    hint: 'Try again in a few seconds.',
  },
  ERR_RATE_LIMITED: {
    status: 429,
    retry: 'later',
    message: 'Too many requests.',
    hint: 'Wait for the time in Retry-After.',
  },
  ERR_HOST_NOT_ALLOWED: {
    status: 421,
    retry: 'never',
    message: 'The request names a host that is not this feeder.',
    hint: 'Open the page by the address that the feeder printed.',
  },
  ERR_CROSS_SITE: {
    status: 403,
    retry: 'never',
    message: 'A page of another site may not change anything here.',
    hint: 'Use the feeder page itself, or a program that sends no Origin header.',
  },
  ERR_INTERNAL: {
    status: 500,
    retry: 'later',
    message: 'Something went wrong inside the feeder.',
    hint: 'The log has the details under this requestId.',
  },
  ERR_CONFIG: {
    status: 500,
    retry: 'never',
    message: 'The configuration is not usable.',
    hint: 'Correct the values listed, or run feeder config check.',
  },
  ERR_WIRING: {
    status: 500,
    retry: 'never',
    message: 'The hardware profile does not fit this board.',
    hint: 'Correct what is listed; docs/wiring.md shows three builds that fit. Nothing was switched on.',
  },
  ERR_ALREADY_RUNNING: {
    status: 500,
    retry: 'never',
    message: 'Another feeder daemon uses this data directory.',
    hint: 'Stop it first, or choose another data directory.',
  },
  ERR_PORT_IN_USE: {
    status: 500,
    retry: 'never',
    message: 'The port is taken by another program.',
    hint: 'Stop that program, or choose another port with --port or FEEDER_PORT.',
  },
  ERR_BIND_REFUSED: {
    status: 500,
    retry: 'never',
    message: 'The feeder has no access control yet, so it listens on loopback only.',
    hint: 'Use host 127.0.0.1 or ::1, and reach it through an SSH tunnel.',
  },
  ERR_DATA_DIR: {
    status: 500,
    retry: 'never',
    message: 'The data directory cannot be used.',
    hint: 'Create it, or give its owner write permission.',
  },
  ERR_DATABASE_CORRUPT: {
    status: 500,
    retry: 'never',
    message: 'The database is damaged and no good copy was found.',
    hint: 'The damaged file was kept beside it; see docs/operations.md.',
  },
  ERR_SCHEMA_TOO_NEW: {
    status: 500,
    retry: 'never',
    message: 'The database was written by a newer version of the feeder.',
    hint: 'Install that version again, or restore the backup made before the update.',
  },
  ERR_MIGRATION_CHANGED: {
    status: 500,
    retry: 'never',
    message: 'A migration that already ran has another text now.',
    hint: 'Install an unmodified release.',
  },
  ERR_PROFILE: {
    status: 500,
    retry: 'never',
    message: 'The simulation profile is not usable.',
    hint: 'See docs/profiles.md for its keys and ranges.',
  },
} as const satisfies Record<string, ErrorEntry>;

/** The closed set of error codes. */
export type ErrorCode = keyof typeof table;

/** Every code with its meaning, for the API and for docs/errors.md. */
export const errorTable: Readonly<Record<ErrorCode, ErrorEntry>> = table;

/** One reason inside an error: where (a JSON path such as `portionGrams`) and why. */
export interface ErrorDetail {
  readonly path: string;
  readonly message: string;
}

/** A broken promise or a refused request, with a code that callers may tell apart. */
export class FeederError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly retry: Retry;
  readonly status: number;
  readonly details: readonly ErrorDetail[];

  constructor(
    code: ErrorCode,
    options: {
      message?: string;
      hint?: string;
      details?: readonly ErrorDetail[];
      cause?: unknown;
    } = {},
  ) {
    const entry = errorTable[code];
    super(
      options.message ?? entry.message,
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.name = 'FeederError';
    this.code = code;
    this.hint = options.hint ?? entry.hint;
    this.retry = entry.retry;
    this.status = entry.status;
    this.details = options.details ?? [];
  }
}
