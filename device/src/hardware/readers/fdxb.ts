/** The largest national code: 38 bits (ISO 11784). */
export const NATIONAL_MAX = 274_877_906_943;
/** ISO 3166 numeric countries; 900 to 998 are makers, 999 is a test chip. */
export const COUNTRY_MAX = 999;

/** What an implanted chip says of itself. */
export interface FdxbTag {
  readonly country: number;
  readonly national: number;
  readonly isAnimal: boolean;
  readonly hasDataBlock: boolean;
}

/** The 15 printed digits, or null when the numbers are outside their ranges. */
export function fdxbId({
  country,
  national,
}: Pick<FdxbTag, 'country' | 'national'>): string | null {
  if (!(Number.isInteger(country) && country >= 1 && country <= COUNTRY_MAX)) return null;
  if (!(Number.isInteger(national) && national >= 0 && national <= NATIONAL_MAX)) return null;
  return `${String(country).padStart(3, '0')}${String(national).padStart(12, '0')}`;
}

/** The eight bytes of the telegram, in the order of the air: the lowest bits of the code first. */
export function fdxbBytes(tag: FdxbTag): Uint8Array {
  const bits =
    BigInt(tag.national) |
    (BigInt(tag.country) << 38n) |
    (BigInt(tag.hasDataBlock) << 48n) |
    (BigInt(tag.isAnimal) << 63n);
  return Uint8Array.from({ length: 8 }, (_, at) => Number((bits >> BigInt(8 * at)) & 0xffn));
}

/** The tag in the 64 bits of a telegram, the first bit of the air as the lowest. */
export function fdxbTag(bits: bigint): FdxbTag {
  return {
    national: Number(bits & 0x3f_ffff_ffffn),
    country: Number((bits >> 38n) & 0x3ffn),
    hasDataBlock: ((bits >> 48n) & 1n) === 1n,
    isAnimal: ((bits >> 63n) & 1n) === 1n,
  };
}

/** CRC of ISO 11785: CCITT, reflected (0x8408), from zero. */
export function fdxbCrc(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x8408 : crc >>> 1;
  }
  return crc;
}
