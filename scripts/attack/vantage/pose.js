/** Runs where an attacker is, as a part of `program.js`: servers that take a callee's place. */
const net = require('node:net');
const tls = require('node:tls');

const code = (error) => error.code ?? error.message;

/** Servers that pose as somebody, by port. */
const servers = new Map();

/** Takes TLS with a certificate, or answers in clear whatever comes, until `posed` asks what came. */
function pose({ cert, key, answer }) {
  return new Promise((resolve) => {
    const told = { connections: 0, requests: 0, failures: [], clients: [] };
    const take = (socket) => {
      socket.on('error', (error) => told.failures.push(code(error)));
      socket.once('data', (chunk) => {
        if (/^[A-Z]+ \//.test(chunk.toString('latin1'))) told.requests += 1;
        socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${answer.length}\r\nConnection: close\r\n\r\n${answer}`);
      });
    };
    const secure = (socket) => {
      const { subjectaltname } = socket.getPeerCertificate();
      if (subjectaltname !== undefined) told.clients.push(subjectaltname);
      take(socket);
    };
    const server =
      cert === undefined
        ? net.createServer(take)
        : tls.createServer({ cert, key, requestCert: true, rejectUnauthorized: false }, secure);
    server.on('connection', () => {
      told.connections += 1;
    });
    server.on('tlsClientError', (error) => told.failures.push(code(error)));
    server.once('error', (error) => resolve({ end: code(error) }));
    server.listen(0, '0.0.0.0', () => {
      const { port } = server.address();
      servers.set(port, { server, told });
      resolve({ end: 'listening', port });
    });
  });
}

/** Ends a server of `pose`, and says what came to it. */
function posed({ port }) {
  const { server, told } = servers.get(port) ?? {};
  if (server === undefined) return { end: 'nobody posed there' };
  servers.delete(port);
  server.close();
  return { end: 'told', posed: told };
}

module.exports = { pose, posed };
