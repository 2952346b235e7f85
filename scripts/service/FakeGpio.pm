package FakeGpio;
# Stands for the kernel's GPIO interface: answers the two ioctls that systemd/motor-safe makes, and
# prints which line it asked for and at what level. Offsets are those of linux/gpio.h.
use strict;
use warnings;

BEGIN {
    *CORE::GLOBAL::ioctl = sub (*$$) {
        my ($handle, $request) = @_;
        if ($request == 0x8044B401) {
            $_[2] = pack 'Z32 Z32 L', 'gpiochip0', 'pinctrl-bcm2711', 58;
            return '0 but true';
        }
        die sprintf "unknown ioctl %x\n", $request unless $request == 0xC250B407;
        my ($pin, $consumer, $flags, $attributes, $lines) = unpack 'L x252 Z32 Q L x260 L', $_[2];
        die "not one line\n" unless $lines == 1 and $attributes == 0 and length $_[2] == 592;
        my $direction = $flags & 8 ? 'output' : 'input';
        # Without a value of its own, an output starts at logical 0.
        my $level = $flags & 2 ? 1 : 0;
        print "line $pin $direction level $level for $consumer\n";
        substr $_[2], -4, 4, pack 'l', 999;
        return '0 but true';
    };
}

1;
