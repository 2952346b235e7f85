/** What a feeder's birth or will said. */
export interface Presence {
  readonly isOn: boolean;
  /** A will that comes late belongs to an older session, and says nothing. */
  readonly session: number;
}

/** Whether feeders are connected to the broker: a hint for people, on which nothing depends. */
export interface PresenceHints {
  note(deviceId: string, presence: Presence): void;
  /** Null: nobody knows. */
  read(deviceId: string): Promise<boolean | null>;
}

/** Nobody ever knows. */
export const noPresence: PresenceHints = { note: () => {}, read: async () => null };
