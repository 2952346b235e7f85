#pragma once
#define WDTO_120MS 3
inline void wdt_enable(int) { shim.fedMs = shim.nowMs; }
inline void wdt_reset() { shim.feed(); }
