#pragma once
inline void watchdog_enable(uint32_t, bool) { shim.fedMs = shim.nowMs; }
inline void watchdog_update() { shim.feed(); }
