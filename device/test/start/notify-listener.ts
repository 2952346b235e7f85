import { spawn } from 'node:child_process';

/** Node cannot receive Unix datagrams either; this prints each on a line, and ends at STOPPING. */
const receiver = `
use Socket; $| = 1;
socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die; bind($s, pack_sockaddr_un($ARGV[0])) or die;
print "listening\\n";
while (defined recv($s, my $words, 4096, 0)) {
  $words =~ s/\\n/ /g; print "$words\\n"; last if $words =~ /^STOPPING/;
}`;

/** Stands in for the service manager at a socket. It ends with the daemon's STOPPING message. */
export function listenForNotifications(socket: string): {
  readonly listening: Promise<void>;
  words(): Promise<readonly string[]>;
} {
  const child = spawn('perl', ['-e', receiver, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  const listening = new Promise<void>((done) => {
    child.stdout.on('data', (part: Buffer) => {
      text += part.toString();
      done();
    });
  });
  const ended = new Promise<void>((done) => {
    child.once('close', () => done());
  });
  return {
    listening,
    async words() {
      await ended;
      return text.trimEnd().split('\n').slice(1);
    },
  };
}
