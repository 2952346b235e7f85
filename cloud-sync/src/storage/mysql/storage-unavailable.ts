/** The database is away, restarting, or too busy. Whoever asked may ask again. */
export class StorageUnavailable extends Error {
  constructor(options: { readonly cause: unknown }) {
    super('The database does not answer.', options);
    this.name = 'StorageUnavailable';
  }
}
