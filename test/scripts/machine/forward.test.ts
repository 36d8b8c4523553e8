/** On a Linux machine as root: a forwarder reaches into a namespace that has no route to anywhere. */
import { mkdirSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { netns } from '../../../model/local';
import { stateFolder } from '../../../model/names';
import { startDaemon } from '../../../scripts/machine/daemon';
import { type Forwarder, startForwarder } from '../../../scripts/machine/forward';
import { ensureNamespace } from '../../../scripts/machine/network';
import { onPath } from '../../../scripts/machine/packages';
import { razeMachine } from '../../../scripts/machine/raze';
import { until } from '../../../scripts/machine/until';
import { silentProgress } from '../../../scripts/progress';

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
