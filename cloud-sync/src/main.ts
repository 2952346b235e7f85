/**
 * The cloud service's entry point. The service is not built yet, so the program says so and exits
 * with 69 (sysexits EX_UNAVAILABLE) instead of pretending to listen.
 */
const EX_UNAVAILABLE = 69;

process.stderr.write(
  'ERR_CLOUD_NOT_BUILT: the cloud service does not exist yet; the feeder works without it.\n',
);
process.exitCode = EX_UNAVAILABLE;
