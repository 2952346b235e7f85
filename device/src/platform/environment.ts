/** The variables that the program was started with; only `config` gives them a meaning. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}
