/** Bits of linux/gpio.h that the tests look for. */
export const GPIO_FLAGS = {
  input: 1 << 2,
  risingEdge: 1 << 4,
  fallingEdge: 1 << 5,
  pullUp: 1 << 8,
  pullDown: 1 << 9,
  biasOff: 1 << 10,
} as const;
