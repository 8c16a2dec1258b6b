// The Debian packages the tests use, in one place: installed where that is possible, named where it is not.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

/** What the tests need: the package, a file it brings, and what is skipped without it. */
const DEBIAN_PACKAGES = [
  { name: 'bash', file: '/bin/bash', usedBy: 'runbooks and everything over ssh' },
  { name: 'openssh-client', file: '/usr/bin/ssh', usedBy: 'the ssh and runbook adapters' },
  { name: 'openssh-server', file: '/usr/sbin/sshd', usedBy: 'tests that run actions over a real sshd' },
  { name: 'procps', file: '/usr/bin/ps', usedBy: 'tests that check that nothing is left running' },
  { name: 'iproute2', file: '/usr/bin/ss', usedBy: 'collecting the listening sockets of a real machine' },
  { name: 'rsyslog', file: '/usr/sbin/rsyslogd', usedBy: 'copies of the ledger in a real collector' },
  {
    name: 'rsyslog-gnutls',
    file: '/usr/share/doc/rsyslog-gnutls',
    usedBy: 'copies of the ledger in a real collector, over TLS',
  },
];

const POLICY_RC_D = '/usr/sbin/policy-rc.d';
const APT_TIMEOUT_MS = 300_000;

/** The packages of the list that are not there. */
function missingPackages(list = DEBIAN_PACKAGES) {
  return list.filter((entry) => !existsSync(entry.file));
}

/**
 * Installs what is missing when this is Debian and we are root. What stays missing is printed with
 * what it costs. Returns false only in CI (`CI=true`), where nothing may be skipped.
 */
export function ensureDebianPackages(list = DEBIAN_PACKAGES) {
  let missing = missingPackages(list);
  if (missing.length > 0 && existsSync('/usr/bin/apt-get') && process.getuid?.() === 0) {
    install(missing.map((entry) => entry.name));
    missing = missingPackages(list);
  }
  for (const entry of missing) {
    process.stdout.write(`missing: Debian package ${entry.name} (skipped: ${entry.usedBy})\n`);
  }
  if (missing.length === 0) return true;
  process.stdout.write(`install with: apt-get install ${missing.map((entry) => entry.name).join(' ')}\n`);
  return process.env.CI !== 'true';
}

function install(names) {
  process.stdout.write(`installing Debian packages: ${names.join(', ')}\n`);
  // A test machine must not begin to serve: 101 tells every postinst to leave its service stopped.
  const ownPolicy = !existsSync(POLICY_RC_D);
  if (ownPolicy) writeFileSync(POLICY_RC_D, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    apt(['update']);
    apt(['install', '-y', '--no-install-recommends', ...names]);
  } finally {
    if (ownPolicy) rmSync(POLICY_RC_D, { force: true });
  }
}

function apt(args) {
  const done = spawnSync('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    timeout: APT_TIMEOUT_MS,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (done.error || done.status !== 0) {
    process.stderr.write(`apt-get ${args[0]} failed: ${done.error ?? done.stderr}\n`);
  }
}
