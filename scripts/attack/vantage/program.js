/**
 * Runs where an attacker is: in a pod, on a host, at the border. Reads one attempt per line (JSON) and writes one
 * observation per line; nothing of the product is needed there but Node.js. Attempts overlap.
 * What `machine.js` and `pose.js` export is put before it, under these names.
 */
const http = require('node:http');
const http2 = require('node:http2');
const net = require('node:net');
const tls = require('node:tls');
const dgram = require('node:dgram');
const { readFileSync } = require('node:fs');
const { createInterface } = require('node:readline');

/** Bytes of an answer that are worth telling. */
const most = 4000;

const code = (error) => error.code ?? error.message;
const textOf = (chunks) => Buffer.concat(chunks).toString('latin1').slice(0, most);

/** What is known of a socket, for finding it in captures and logs. */
function ends(socket) {
  if (socket.localPort === undefined) return {};
  return {
    local: `${socket.localAddress}:${socket.localPort}`,
    remote: `${socket.remoteAddress}:${socket.remotePort}`,
  };
}

/** Whether one HTTP answer, and nothing else is awaited, is there to its last byte. */
function whole(text) {
  const [head, body] = text.split('\r\n\r\n');
  const [, length] = /^content-length: (\d+)$/im.exec(head) ?? [];
  return (
    body !== undefined && length !== undefined && /^connection: close$/im.test(head) && body.length >= Number(length)
  );
}

/** Opens TCP or TLS, sends text, and gathers what comes until the other side closes or is silent. */
function raw({ host, port, localPort, secure, send = [], quiet = 700, timeout = 10000 }) {
  return new Promise((resolve) => {
    const chunks = [];
    const seen = { connected: false, secured: false };
    let idle;
    const finish = (more) => {
      clearTimeout(idle);
      clearTimeout(last);
      socket.destroy();
      resolve({ ...seen, ...more, text: textOf(chunks) });
    };
    const last = setTimeout(() => finish({ end: 'timeout' }), timeout);
    const listen = () => {
      clearTimeout(idle);
      idle = setTimeout(() => finish({ end: 'open' }), quiet);
    };
    const talk = async () => {
      Object.assign(seen, ends(socket));
      for (const part of send) {
        socket.write(Buffer.from(part, 'latin1'));
        await new Promise((next) => setTimeout(next, 30));
      }
      // Whoever said something waits for the answer as long as it takes; silence counts from the last byte on.
      if (send.length === 0 || chunks.length > 0) listen();
    };
    const plain = net.connect({ host, port, ...(localPort === undefined ? {} : { localPort }) });
    plain.once('connect', () => {
      seen.connected = true;
      Object.assign(seen, ends(plain));
      if (secure === undefined) talk().catch(() => {});
    });
    const socket = secure === undefined ? plain : tls.connect({ socket: plain, rejectUnauthorized: false, ...secure });
    if (secure !== undefined) {
      plain.on('error', (error) => finish({ end: code(error) }));
      socket.once('secureConnect', () => {
        seen.secured = true;
        const { subjectaltname } = socket.getPeerCertificate();
        if (subjectaltname !== undefined) seen.peer = subjectaltname;
        if (socket.alpnProtocol) seen.alpn = socket.alpnProtocol;
        talk().catch(() => {});
      });
    }
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (whole(textOf(chunks))) finish({ end: 'answered' });
      else listen();
    });
    socket.on('error', (error) => finish({ end: code(error) }));
    socket.on('close', () => finish({ end: 'closed' }));
  });
}

/** One plain HTTP request as a program makes it, through whatever proxy takes its packets. */
function ask({ url, socketPath, method = 'GET', path, headers: given = {}, headerFiles = {}, body, timeout = 6000 }) {
  return new Promise((resolve) => {
    const read = Object.entries(headerFiles).map(([name, from]) => [name, readFileSync(from, 'utf8').trim()]);
    const headers = { ...given, ...Object.fromEntries(read) };
    const target = socketPath === undefined ? new URL(url) : { socketPath };
    const options = { method, headers, timeout, agent: false, ...(path === undefined ? {} : { path }) };
    let sent;
    try {
      sent = socketPath === undefined ? http.request(target, options) : http.request({ ...target, ...options });
    } catch (error) {
      resolve({ end: `client: ${code(error)}` });
      return;
    }
    let where = {};
    sent.on('socket', (socket) =>
      socket.once('connect', () => {
        where = ends(socket);
      }),
    );
    sent.on('response', (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', (error) => resolve({ ...where, status: response.statusCode, end: code(error) }));
      response.on('end', () =>
        resolve({
          ...where,
          status: response.statusCode,
          headers: response.headers,
          text: textOf(chunks),
          end: 'answered',
        }),
      );
    });
    const switched = (response, socket) => {
      socket.destroy();
      resolve({ ...where, status: response.statusCode, headers: response.headers, text: '', end: 'switched' });
    };
    sent.on('upgrade', switched);
    sent.on('connect', switched);
    sent.on('timeout', () => sent.destroy(new Error('timeout')));
    sent.on('error', (error) => resolve({ ...where, end: code(error) }));
    sent.end(body);
  });
}

/** One HTTP/2 request, over TLS or in clear; headers may hold anything, `:method` and `:path` too. */
function ask2({
  host,
  port,
  socketPath,
  secure,
  headers: given,
  headerFiles = {},
  body,
  keep = false,
  needles = [],
  timeout = 5000,
}) {
  return new Promise((resolve) => {
    const read = Object.entries(headerFiles).map(([name, from]) => [name, readFileSync(from, 'utf8').trim()]);
    const headers = { ...given, ...Object.fromEntries(read) };
    const chunks = [];
    const seen = { connected: false };
    const finish = (more) => {
      clearTimeout(last);
      session.destroy();
      const all = Buffer.concat(chunks);
      // What may hold a key is searched here and told nobody.
      const told =
        needles.length === 0 ? { text: textOf(chunks) } : { found: needles.filter((needle) => all.includes(needle)) };
      resolve({ ...seen, ...more, ...told, bytes: all.length });
    };
    const last = setTimeout(() => finish({ end: 'timeout' }), timeout);
    const session =
      secure === undefined
        ? http2.connect(
            socketPath === undefined ? `http://${host}:${port}` : 'http://localhost',
            socketPath === undefined ? {} : { createConnection: () => net.connect(socketPath) },
          )
        : http2.connect(`https://${host}:${port}`, {
            host,
            port,
            rejectUnauthorized: false,
            ALPNProtocols: ['h2'],
            ...secure,
          });
    session.on('error', (error) => finish({ end: code(error) }));
    session.on('close', () => finish({ end: 'closed' }));
    session.on('connect', () => {
      seen.connected = true;
      const stream = session.request(headers);
      stream.on('response', (answer) => {
        seen.status = answer[':status'];
        seen.headers = Object.fromEntries(Object.entries(answer).filter(([name]) => !name.startsWith(':')));
      });
      stream.on('trailers', (trailers) => {
        seen.trailers = { ...trailers };
      });
      stream.on('data', (chunk) => {
        chunks.push(chunk);
        // A stream that is kept open would not end by itself.
        if (keep) setTimeout(() => finish({ end: 'answered' }), 300);
      });
      stream.on('error', (error) => finish({ end: code(error) }));
      stream.on('close', () => finish({ end: seen.status === undefined ? 'closed' : 'answered' }));
      const bytes = body === undefined ? undefined : Buffer.from(body, 'base64');
      if (keep) stream.write(bytes);
      else stream.end(bytes);
    });
  });
}

/** One datagram, and what comes back within a second. */
function datagram({ host, port, send = 'x', timeout = 1000 }) {
  return new Promise((resolve) => {
    const socket = dgram.createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');
    let seen = {};
    const finish = (more) => {
      clearTimeout(last);
      socket.close();
      resolve({ ...seen, ...more });
    };
    const last = setTimeout(() => finish({ end: 'silence' }), timeout);
    socket.on('error', (error) => finish({ end: code(error) }));
    socket.on('message', (message) => finish({ end: 'answered', text: message.toString('latin1').slice(0, most) }));
    socket.connect(port, host, () => {
      const { address, port: own } = socket.address();
      seen = { local: `${address}:${own}`, remote: `${host}:${port}` };
      socket.send(Buffer.from(send, 'latin1'));
    });
  });
}

/** Connections to many ports at once, all from the same own port if one is given: which opened, how the others ended. */
async function ports({ host, ports: list, localPort, timeout = 1500 }) {
  const dial = async (port) => [port, await raw({ host, port, localPort, quiet: 1, timeout })];
  const ended = await Promise.all(list.map(dial));
  const open = ended.filter(([, seen]) => seen.connected).map(([port]) => port);
  const others = ended.filter(([, seen]) => !seen.connected).map(([, seen]) => seen.end);
  const counted = {};
  for (const end of others) counted[end] = (counted[end] ?? 0) + 1;
  return { open, counted, end: 'scanned' };
}

/** Opens a port for as long as this program lives. */
function listen({ host, port, protocol }) {
  return new Promise((resolve) => {
    const ready = () => resolve({ end: 'listening' });
    const failed = (error) => resolve({ end: code(error) });
    if (protocol === 'udp') {
      const socket = dgram.createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');
      socket.on('message', (message, from) => socket.send(message, from.port, from.address));
      socket.once('error', failed).bind(port, host, ready);
    } else {
      net
        .createServer((socket) => socket.on('error', () => {}).end('squatter'))
        .once('error', failed)
        .listen(port, host, ready);
    }
  });
}

/** Holds a connection and asks over it each half second, until it ends or time is up. */
function hold({ host, port, secure, request, seconds }) {
  return new Promise((resolve) => {
    const began = Date.now();
    let answers = 0;
    let firstAnswer;
    let lastAnswer = 0;
    let refused;
    const finish = (end) => {
      clearInterval(timer);
      clearTimeout(last);
      socket.destroy();
      const after = Date.now() - began;
      resolve({ end, began, answers, firstAnswer, lastAnswer, after, text: refused ?? '' });
    };
    const last = setTimeout(() => finish('open'), seconds * 1000);
    const socket = tls.connect({ host, port, rejectUnauthorized: false, ...secure }, () => say({ opened: true }));
    const timer = setInterval(() => socket.write(request), 500);
    socket.on('data', (chunk) => {
      const [line] = chunk.toString('latin1').split('\r\n');
      if (line.includes(' 200')) {
        answers += 1;
        lastAnswer = Date.now() - began;
        firstAnswer ??= lastAnswer;
      } else if (line.startsWith('HTTP/')) refused = line;
    });
    socket.on('error', (error) => finish(code(error)));
    socket.on('close', () => finish('closed'));
    function say() {
      socket.write(request);
    }
  });
}

const kinds = { raw, ask, ask2, datagram, ports, hold, listen, ...machine, ...pose };

createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const { id, kind, ...attempt } = JSON.parse(line);
    const seen = await Promise.resolve(kinds[kind](attempt)).catch((error) => ({ end: `agent: ${code(error)}` }));
    process.stdout.write(`${JSON.stringify({ id, ...seen })}\n`);
  })
  .on('close', () => process.exit());
process.stdout.write('{"ready":true}\n');
