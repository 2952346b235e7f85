# Inside the machine: the contract suites of the hardware's adapters on lines of a real kernel.
# shellcheck shell=bash
modprobe gpio-sim || exit 1
# The compiled half of onoff's part epoll, which no checkout carries.
mkdir -p /tmp/epoll/build/Release
cp -r node_modules/epoll/. /tmp/epoll/ && cp /exchange/epoll.node /tmp/epoll/build/Release/ &&
  mount --bind /tmp/epoll node_modules/epoll || exit 1
exec vitest run --config device/test/kernel/vitest.config.ts --configLoader runner --reporter=json --outputFile=/exchange/vitest.json "$@"
