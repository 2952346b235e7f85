/** Pulses after the 24 data bits choose the next conversion: A/128, A/64 or B/32. */
export type Hx711Gain = 128 | 64 | 32;
