// A stock list. Its proxy has checked the caller before a request arrives here.
const { createServer } = require('node:http');

const { HOST, PORT } = process.env;
const stock = { '/stock/apples': '42\n', '/healthz': 'ok\n' };

createServer((request, response) => {
  const answer = stock[request.url];
  response.statusCode = answer === undefined ? 404 : 200;
  response.end(answer ?? 'no such thing\n');
}).listen(Number(PORT), HOST);

process.on('SIGTERM', () => process.exit(0));
