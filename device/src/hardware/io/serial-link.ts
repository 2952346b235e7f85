/** A serial port that may vanish and come back. */
export interface SerialLink {
  /** Open and answering to writes. */
  readonly isOpen: boolean;
  /** Why it is away, as a sentence for people; null while it is open. */
  readonly why: string | null;
  /** Queues bytes; at most 4096 wait. Rejects with ERR_HARDWARE_FAULT while the port is away. */
  write(bytes: Uint8Array): Promise<void>;
  /** One listener. Bytes as they come, in pieces of any size. */
  onBytes(listener: (bytes: Uint8Array) => void): void;
  /** Told at every change; `why` is a sentence for people when it is away. */
  onLink(listener: (link: { readonly isOpen: boolean; readonly why: string | null }) => void): void;
  /** Stops reconnecting and closes. Idempotent. */
  close(): Promise<void>;
}
