import { existsSync, mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { freePort, type OwnProcess, runToEnd, startProcess, untilReady } from './own-process.ts';
import type { OwnServer } from './own-servers.ts';

const READY_MS = 20_000;

/** MariaDB as the distribution has it, in a folder of its own; every commit is durable. */
export async function startMariadb(folder: string): Promise<OwnServer> {
  const data = join(folder, 'mariadb');
  const port = await freePort();
  const user = userInfo().username;
  if (!existsSync(data)) {
    mkdirSync(data, { recursive: true });
    await runToEnd('mariadb-install-db', [
      ...['--no-defaults', `--datadir=${data}`, '--skip-test-db', '--skip-name-resolve'],
      ...['--auth-root-authentication-method=normal', `--user=${user}`],
    ]);
  }
  const plan = { name: 'mariadb', logPath: join(folder, 'mariadb.log'), timeoutMs: READY_MS };
  const start = async (): Promise<OwnProcess> => {
    const process = startProcess({
      ...plan,
      command: 'mariadbd',
      args: [
        ...['--no-defaults', `--datadir=${data}`, `--user=${user}`, `--port=${port}`],
        ...['--bind-address=127.0.0.1', `--socket=${join(data, 'own.sock')}`],
        ...['--skip-name-resolve', '--skip-log-bin', '--innodb-buffer-pool-size=128M'],
        ...['--innodb-flush-log-at-trx-commit=1', '--max-connections=200'],
        ...['--character-set-server=utf8mb4', '--collation-server=utf8mb4_bin'],
      ],
    });
    await untilReady(process, plan, async () => {
      const connection = await createConnection({ host: '127.0.0.1', port, user: 'root' });
      await connection.query('CREATE DATABASE IF NOT EXISTS feeder');
      await connection.end();
      return true;
    });
    return process;
  };
  return ownServer(`mysql://root@127.0.0.1:${port}/feeder`, start);
}

/** A server that can be ended and started again on the same port with the same data. */
export async function ownServer(url: string, start: () => Promise<OwnProcess>): Promise<OwnServer> {
  let process = await start();
  return {
    url,
    pid: () => process.pid,
    stop: () => process.stop(),
    kill: () => process.kill(),
    start: async () => {
      if (!process.isRunning()) process = await start();
    },
  };
}
