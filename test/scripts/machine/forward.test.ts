/** On a Linux machine as root: a forwarder reaches into a namespace that has no route to anywhere. */
import { mkdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { netns } from '../../../model/local';
import { stateFolder } from '../../../model/names';
import { startDaemon } from '../../../scripts/machine/daemon';
import { run } from '../../../scripts/machine/exec';
import { type Endpoint, type Forwarder, startForwarder, stopForwarder } from '../../../scripts/machine/forward';
import { outsideForwards } from '../../../scripts/machine/machine-forwards';
import { ensureNamespace, ip } from '../../../scripts/machine/network';
import { onPath } from '../../../scripts/machine/packages';
import { ensurePki } from '../../../scripts/machine/pki';
import { razeMachine } from '../../../scripts/machine/raze';
import { until } from '../../../scripts/machine/until';
import { silentProgress } from '../../../scripts/progress';
import { localLab } from '../../support/labs';

// Programs are started, which takes its time on a busy machine.
jest.setTimeout(60_000);

const able = process.platform === 'linux' && process.getuid?.() === 0 && ['ip', 'nsenter', 'ss'].every(onPath);
const onMachine = able ? describe : describe.skip;
const lab = `f${process.pid}`;
const inside = netns(lab, 'west');
const echo = "require('node:net').createServer((s) => s.end('hello')).listen(7000, '127.0.0.1')";

onMachine('startForwarder (needs Linux, root, ip)', () => {
  beforeEach(async () => {
    mkdirSync(stateFolder(lab), { recursive: true });
    await ensureNamespace(inside);
    await startDaemon(stateFolder(lab), lab, {
      name: 'echo',
      netns: inside,
      command: process.execPath,
      args: ['-e', echo],
    });
  });

  afterEach(() => razeMachine(lab, silentProgress));

  it('carries a connection from this machine to a loopback port inside, and starts once', async () => {
    const port = await freePort();
    await startForwarder(lab, forwarder(port));
    await startForwarder(lab, forwarder(port));
    expect(await until(async () => (await read(port)) === 'hello', { timeout: 10_000, interval: 50 })).toBe(true);
  });

  it("carries TLS from inside to the host that a service's key is for, and nothing once the key is gone", async () => {
    const host = 'api.openweathermap.org';
    const folder = join(stateFolder(lab), 'tls');
    await ensurePki(folder, { ca: [{ name: 'server', commonName: host, dns: [host] }] }, []);
    const read = (file: string) => readFileSync(join(folder, file), 'utf8');
    const server = createTlsServer({ cert: read('server.crt'), key: read('server.key') }, (socket) =>
      socket.end('hello'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const [outside] = outsideForwards({ ...localLab(), name: lab }, ['OPENWEATHER_API_KEY']);
    const [way] = outside?.forwards ?? [];
    if (outside === undefined || way === undefined) throw new Error('the key opens no way out');
    expect(way.dial).toEqual({ host, port: 443 });
    // A host of this machine stands in for the one outside.
    const dial = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    await ip(inside, `address add ${way.listen.host}/32 dev lo`);
    await startForwarder(lab, { ...outside, forwards: [{ ...way, dial }] });
    const call = () => callFrom(inside, way.listen, host, join(folder, 'ca.crt'));
    expect(await until(async () => (await call()) === 'hello', { timeout: 10_000, interval: 50 })).toBe(true);
    await stopForwarder(lab, outside.name);
    expect(await call()).toBe('ECONNREFUSED');
    server.close();
  });

  it('says who holds a taken port and which setting changes it', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as AddressInfo;
    await expect(startForwarder(lab, forwarder(port))).rejects.toThrow(
      new RegExp(`port ${port} on 127.0.0.1 is in use by .*process ${process.pid}.*settings.pagePort in the lab file`),
    );
    holder.close();
  });
});

function forwarder(port: number): Forwarder {
  const host = '127.0.0.1';
  return {
    name: 'test-forwarder',
    dialNetns: inside,
    forwards: [{ listen: { host, port }, dial: { host, port: 7000 }, setting: 'settings.pagePort' }],
  };
}

/** What a TLS client in a namespace reads from a server that proves to be `name`, or why it doesn't. */
async function callFrom(namespace: string, at: Endpoint, name: string, ca: string): Promise<string> {
  const program = `
    const ca = require('node:fs').readFileSync('${ca}');
    const socket = require('node:tls').connect({ ...${JSON.stringify(at)}, servername: '${name}', ca });
    socket.pipe(process.stdout);
    socket.on('error', (error) => process.stdout.write(error.code));`;
  const { stdout } = await run(process.execPath, ['-e', program], { netns: namespace, timeout: 5_000 });
  return stdout;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function read(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(2_000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}
