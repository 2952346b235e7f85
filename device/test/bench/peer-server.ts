import { createServer } from 'node:http';

/** The floor for latency: bare `node:http` that answers with a body as large as the status. */
const body = JSON.stringify({ data: 'x'.repeat(Number(process.argv[2] ?? 1000)) });
const server = createServer((_request, answer) => {
  answer.setHeader('content-type', 'application/json');
  answer.end(body);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') process.stdout.write(`http://127.0.0.1:${address?.port}\n`);
});
