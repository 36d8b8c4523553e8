// A shop window: asks stock, in the other mesh, how many there are.
const { createServer } = require('node:http');

const { HOST, PORT, STOCK_URL } = process.env;

createServer(async (request, response) => {
  if (request.url === '/healthz') return response.end('ok\n');
  const answer = await fetch(`${STOCK_URL}/stock/apples`).catch((error) => ({
    text: () => `no answer: ${error.message}\n`,
  }));
  return response.end(`apples: ${await answer.text()}`);
}).listen(Number(PORT), HOST);

process.on('SIGTERM', () => process.exit(0));
