/**
 * A TCP forwarder between two network namespaces that have no route to each other. It runs in the namespace that it
 * dials in, and inherits sockets that already listen in another: file descriptor 3 + n goes with the n-th argument
 * `HOST:PORT`. Plain JavaScript, so that it runs on a bare Node.js in little memory.
 */
const net = require('node:net');

process.argv.slice(2).forEach((target, index) => {
  const colon = target.lastIndexOf(':');
  const host = target.slice(0, colon);
  const port = Number(target.slice(colon + 1));
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    const upstream = net.connect({ host, port, allowHalfOpen: true });
    client.setNoDelay(true);
    upstream.setNoDelay(true);
    client.pipe(upstream).pipe(client);
    // One side that breaks takes the other with it; the caller sees a closed connection, as it would without us.
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  server.listen({ fd: 3 + index });
});
