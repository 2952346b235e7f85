import type { EpochMs } from '@cat-feeder/shared';

/** A claim under way: it is unsharded, small, and forgotten a day after its end. */
export interface ClaimRow {
  readonly claimId: string;
  readonly publicX: string;
  /** 8 bytes that stand for the board. */
  readonly hw: string;
  readonly model: string;
  /**
   *   waiting --code typed--> named --press on the feeder--> agreed --rows written--> claimed
   */
  readonly state: ClaimState;
  readonly expiresMs: EpochMs;
  readonly homeId: string | null;
  readonly account: string | null;
  /** Of a feeder that had an identity before; of a new one from `agreed` on. */
  readonly deviceId: string | null;
}
export type ClaimState = 'waiting' | 'named' | 'agreed' | 'claimed';

export interface DeviceKey {
  readonly kid: Buffer;
  readonly publicX: string;
}

export interface HomeDevice {
  readonly deviceId: string;
  readonly joinedMs: EpochMs;
}

/** What is known of identities. Each method is one transaction on one key. */
export interface IdentityStore {
  /** False when the code is in use. */
  addClaim(
    claim: Omit<ClaimRow, 'state' | 'homeId' | 'account'>,
    codeHash: Buffer,
  ): Promise<boolean>;
  claim(claimId: string): Promise<ClaimRow | undefined>;
  /** Names the home of a waiting claim by its code; undefined when there is none that lives. */
  nameClaim(
    codeHash: Buffer,
    member: { readonly homeId: string; readonly account: string; readonly nowMs: EpochMs },
  ): Promise<ClaimRow | undefined>;
  /** Gives a named claim its device, unless it has one; returns the claim as it is then. */
  agree(claimId: string, deviceId: string): Promise<ClaimRow | undefined>;
  finishClaim(claimId: string): Promise<void>;
  forgetClaims(beforeMs: EpochMs): Promise<void>;

  /** The home that a device belongs to; null: none, or there is no such device. */
  homeOf(deviceId: string): Promise<string | null>;
  /**
   * Makes the device's row and key, or gives it its new home. What another home has wished or ordered
   * and nobody has dealt with ends there.
   */
  linkDevice(
    device: {
      readonly deviceId: string;
      readonly homeId: string;
      readonly hw: string;
      readonly model: string;
    } & DeviceKey,
    nowMs: EpochMs,
  ): Promise<void>;
  /** The keys that speak for a device at this instant. */
  keys(deviceId: string, nowMs: EpochMs): Promise<readonly DeviceKey[]>;
  /** Adds a key and lets all others end. */
  rotateKey(
    deviceId: string,
    key: DeviceKey,
    times: { nowMs: EpochMs; othersEndMs: EpochMs },
  ): Promise<void>;

  addHome(homeId: string, name: string, nowMs: EpochMs): Promise<void>;
  hasHome(homeId: string): Promise<boolean>;
  joinHome(homeId: string, deviceId: string, nowMs: EpochMs): Promise<void>;
  leaveHome(homeId: string, deviceId: string, nowMs: EpochMs): Promise<void>;
  isInHome(homeId: string, deviceId: string): Promise<boolean>;
  devicesOf(homeId: string): Promise<readonly HomeDevice[]>;
}
