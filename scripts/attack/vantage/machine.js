/** Runs where an attacker is, as a part of `program.js`: what a program can do to its own machine. */
const { execFile } = require('node:child_process');
const { closeSync, openSync, readFileSync } = require('node:fs');

/** Bytes of an output that are worth telling. */
const most = 4000;

const code = (error) => error.code ?? error.message;

function file({ path }) {
  try {
    const content = readFileSync(path);
    // What it holds may be a key: that it could be read is what counts.
    return { end: 'read', bytes: content.length };
  } catch (error) {
    return { end: code(error) };
  }
}

/** Opens a file that is too large to read, such as another process's memory. */
function open({ path }) {
  try {
    closeSync(openSync(path, 'r+'));
    return { end: 'opened' };
  } catch (error) {
    return { end: code(error) };
  }
}

function signal({ pid, signal: name }) {
  try {
    process.kill(pid, name);
    return { end: 'signalled' };
  } catch (error) {
    return { end: code(error) };
  }
}

function program({ command, args = [], uid, gid, timeout = 5000 }) {
  return new Promise((resolve) => {
    const options = { timeout, ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
    try {
      execFile(command, args, options, (error, stdout, stderr) =>
        resolve({
          end: error === null ? 'ran' : typeof error.code === 'string' ? error.code : 'failed',
          exit: error === null ? 0 : error.code,
          text: `${stdout}${stderr}`.slice(0, most),
        }),
      );
    } catch (error) {
      resolve({ end: code(error) });
    }
  });
}

/** Becomes another user or group, in this very process: what a program that was broken into would try. */
function become({ uid, gid }) {
  try {
    if (gid !== undefined) process.setgid(gid);
    if (uid !== undefined) process.setuid(uid);
    return { end: 'became', text: `uid ${process.getuid()} gid ${process.getgid()}` };
  } catch (error) {
    return { end: code(error) };
  }
}

/** What the kernel lets this process do. */
function rights() {
  const lines = readFileSync('/proc/self/status', 'utf8').split('\n');
  const wanted = lines.filter((line) => /^(CapEff|CapBnd|NoNewPrivs|Seccomp|Uid|Gid):/.test(line));
  return { end: 'told', text: `${wanted.join('\n')}\n` };
}

function whoami() {
  return { end: 'told', text: `uid ${process.getuid()} gid ${process.getgid()}`, bytes: process.pid };
}

module.exports = { file, open, signal, program, become, rights, whoami };
