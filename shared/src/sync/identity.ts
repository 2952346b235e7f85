import * as v from 'valibot';
import {
  Bytes8Schema,
  countSchema,
  EpochSchema,
  KeyTextSchema,
  PartyIdSchema,
  shortText,
  UlidSchema,
  WallMsSchema,
} from './wire.ts';

/** An Ed25519 public key as a JSON Web Key. */
export const PublicKeySchema = v.object({
  kty: v.literal('OKP'),
  crv: v.literal('Ed25519'),
  x: KeyTextSchema,
});

/** What people type from the feeder's page: 8 of 32 symbols. */
export const ClaimCodeSchema = v.pipe(v.string(), v.regex(/^[2-9A-HJ-NP-Z]{8}$/));

const compactToken = v.pipe(v.string(), v.maxLength(2048), v.regex(/^[\w-]+\.[\w-]+\.[\w-]+$/));

export const TimeAnswerSchema = v.object({ now: WallMsSchema, nonce: shortText });

export const ClaimStartSchema = v.object({
  key: PublicKeySchema,
  hw: Bytes8Schema,
  model: shortText,
  /** A signature over the server's nonce: the sender has the private key. */
  proof: compactToken,
});
export const ClaimStartAnswerSchema = v.object({
  claim: UlidSchema,
  code: ClaimCodeSchema,
  expires_s: countSchema,
});

export const ClaimPollSchema = v.object({
  claim: UlidSchema,
  proof: compactToken,
  /** The press on the feeder's own page that agrees to the account shown. */
  agreed: v.boolean(),
});
export const ClaimPollAnswerSchema = v.variant('state', [
  v.object({ state: v.literal('waiting') }),
  v.object({ state: v.literal('confirm'), account: shortText }),
  v.object({
    state: v.literal('claimed'),
    device: PartyIdSchema,
    home: PartyIdSchema,
    epoch: EpochSchema,
  }),
  v.object({ state: v.literal('expired') }),
]);

export const TokenRequestSchema = v.object({ assertion: compactToken });
export const TokenAnswerSchema = v.object({ token: compactToken, expires_s: countSchema });

export const RotateSchema = v.object({
  key: PublicKeySchema,
  by_old: compactToken,
  by_new: compactToken,
});

/** MQTT birth and will: the session tells a late will from a true one. */
export const PresenceSchema = v.object({ on: v.picklist([0, 1]), session: countSchema });
