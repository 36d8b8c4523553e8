const { existsSync } = require('node:fs');
const { execFileSync } = require('node:child_process');

/** What only the tests need: a browser and a packet capture. Installed where apt and root are, else named. */
module.exports = () => {
  const wanted = [
    ['chromium', process.env.CHROMIUM ?? '/usr/bin/chromium'],
    ['tcpdump', '/usr/bin/tcpdump'],
  ];
  const missing = wanted.filter(([, file]) => !existsSync(file)).map(([name]) => name);
  if (missing.length === 0) return;
  const install = ['install', '--yes', '--quiet', '--no-install-recommends', ...missing];
  if (!existsSync('/usr/bin/apt-get')) throw new Error(`the lab's tests need ${missing.join(' and ')}: install them`);
  process.stderr.write(`installing ${missing.join(' and ')} with apt-get\n`);
  const options = { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  execFileSync('apt-get', ['update', '--quiet'], options);
  execFileSync('apt-get', install, options);
};
