import { createRequire } from 'node:module';

let loaded;

/** The prebuilt addon of this machine; throws an Error with code ERR_NO_PREBUILD elsewhere. */
export function loadBoardIo() {
  if (loaded !== undefined) return loaded;
  const target = `${process.platform}-${process.arch}`;
  try {
    loaded = createRequire(import.meta.url)(`./prebuilds/${target}.node`);
  } catch (cause) {
    const message = `The hardware addon cannot be loaded on ${target}; it is made for 64-bit Linux.`;
    throw Object.assign(new Error(message, { cause }), { code: 'ERR_NO_PREBUILD' });
  }
  return loaded;
}
