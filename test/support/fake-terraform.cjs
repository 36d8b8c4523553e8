#!/usr/bin/env node
/**
 * A Terraform that makes nothing. It says what the real one says (JSON lines of 1.11.4), keeps real state files and
 * appends to the file FAKE_CALLS what it does: `+STACK VERB` begun, `-STACK VERB` ended. What happens in a stack is in
 * FAKE_SCRIPT: `{STACK: {hold, stuck, fail, initFail, lock, planned}}`: `hold` is a file that must be there before the
 * first resource is done, a `stuck` one goes on waiting for it after an interrupt, `planned` is what "plan" tells, the
 * others are diagnostics. A state that is not in a file is kept beside FAKE_SCRIPT.
 */
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require('node:fs');
const { basename, dirname, join, resolve } = require('node:path');

const args = process.argv.slice(2);
const verb = args.includes('-destroy') ? 'destroy' : args[0];
const stack = basename(process.cwd());
const { FAKE_CALLS: calls, FAKE_SCRIPT: scriptFile } = process.env;
const script = (scriptFile && JSON.parse(readFileSync(scriptFile, 'utf8'))[stack]) || {};

const say = (type, message, more, level = 'info') =>
  process.stdout.write(
    `${JSON.stringify({ '@level': level, '@message': message, '@module': 'terraform.ui', '@timestamp': '2026-11-23T15:34:50.075129Z', ...more, type })}\n`,
  );
const log = (text) => calls && appendFileSync(calls, `${text}\n`);

function fail(diagnostic) {
  say(
    'diagnostic',
    `Error: ${diagnostic.summary}`,
    { diagnostic: { severity: 'error', detail: '', ...diagnostic } },
    'error',
  );
  log(`!${stack} ${verb}`);
  process.exitCode = 1;
}

/** Where the stack's state is. */
function stateFile() {
  const { local } = JSON.parse(readFileSync('cdk.tf.json', 'utf8')).terraform.backend;
  return local ? resolve(local.path) : join(dirname(scriptFile), `remote.${stack}.json`);
}

if (verb === 'state') {
  if (existsSync(stateFile())) process.stdout.write(readFileSync(stateFile()));
} else if (verb === 'version') {
  process.stdout.write(
    JSON.stringify({ terraform_version: process.env.FAKE_VERSION ?? '1.11.4', platform: 'linux_amd64' }),
  );
} else if (verb === 'init') {
  log(`+${stack} init`);
  // Long enough for two at once to be seen.
  setTimeout(() => (script.initFail ? fail(script.initFail) : log(`-${stack} init`)), 20);
} else if (verb === 'plan') {
  log(`+${stack} plan`);
  for (const { addr, action, reason } of script.planned ?? []) {
    const resource = { addr, module: '', resource: addr, resource_type: addr.split('.')[0], resource_name: addr };
    say('planned_change', `${addr}: Plan to ${action}`, { change: { resource, action, reason } });
  }
  log(`-${stack} plan`);
} else {
  change();
}

function change() {
  let interrupts = 0;
  // Before anything is told: who waits for the line may send a signal at once.
  process.on('SIGINT', () => {
    interrupts += 1;
    log(`^${stack} ${verb}`);
    if (interrupts === 2) process.exit(1);
  });
  log(`+${stack} ${verb}`);
  if (script.lock) return fail(script.lock);
  const plan = JSON.parse(readFileSync('cdk.tf.json', 'utf8'));
  const file = stateFile();
  const state = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { version: 4, resources: [] };
  const has = ({ type, name }) => state.resources.some((one) => one.type === type && one.name === name);
  const wanted = Object.entries(plan.resource ?? {}).flatMap(([type, named]) =>
    Object.keys(named).map((name) => ({ mode: 'managed', type, name, instances: [{ attributes: named[name] }] })),
  );
  const todo = verb === 'destroy' ? [...state.resources] : wanted.filter((one) => !has(one));
  const action = verb === 'destroy' ? 'delete' : 'create';
  say('version', 'Terraform 1.11.4', { terraform: '1.11.4', ui: '1.2' });
  const [add, remove] = verb === 'destroy' ? [0, todo.length] : [todo.length, 0];
  say('change_summary', `Plan: ${add} to add`, { changes: { add, change: 0, import: 0, remove, operation: 'plan' } });
  const outputs = Object.fromEntries(Object.entries(plan.output ?? {}).map(([name, { value }]) => [name, { value }]));
  const save = () => writeFileSync(file, JSON.stringify({ ...state, outputs: verb === 'destroy' ? {} : outputs }));
  const next = () => {
    if (interrupts > 0) {
      save();
      return fail({ summary: 'execution halted' });
    }
    const one = todo.shift();
    if (one === undefined) {
      save();
      log(`-${stack} ${verb}`);
      process.exit(0);
    }
    const addr = `${one.type}.${one.name}`;
    const hook = {
      resource: { addr, module: '', resource: addr, resource_type: one.type, resource_name: one.name },
      action,
    };
    say('apply_start', `${addr}: …`, { hook });
    if (script.fail?.address === addr) {
      say('apply_errored', `${addr}: errored`, { hook });
      save();
      fail(script.fail);
      return process.exit();
    }
    const finish = () => {
      // A test that failed leaves nobody behind who waits for ever.
      if (scriptFile && !existsSync(scriptFile)) process.exit(1);
      if (script.hold && !existsSync(script.hold) && (interrupts === 0 || script.stuck)) return setTimeout(finish, 10);
      if (verb === 'destroy') state.resources = state.resources.filter((other) => other.name !== one.name);
      else state.resources.push(one);
      say('apply_complete', `${addr}: complete`, { hook: { ...hook, elapsed_seconds: 0 } });
      setTimeout(next, 1);
    };
    finish();
  };
  next();
}
