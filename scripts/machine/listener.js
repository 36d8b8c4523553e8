/**
 * Opens listening sockets in the network namespace it is started in and hands them to its parent over IPC, in the
 * order of its arguments `HOST:PORT`. Ends when the parent has them.
 */
const net = require('node:net');

const send = (message, handle) => new Promise((resolve) => process.send(message, handle, {}, resolve));

async function main() {
  for (const address of process.argv.slice(2)) {
    const colon = address.lastIndexOf(':');
    const server = net.createServer();
    const failure = await new Promise((resolve) => {
      server.once('error', resolve);
      server.listen({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }, () =>
        resolve(undefined),
      );
    });
    if (failure !== undefined) return send({ address, code: failure.code });
    await send({ address }, server);
  }
}

// Its copies of the sockets would keep it alive for ever.
main().then(
  () => process.exit(),
  () => process.exit(1),
);
