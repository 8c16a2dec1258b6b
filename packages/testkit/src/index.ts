export { type FakeClock, fakeClock } from './fake-clock.ts';
export { freePort } from './free-port.ts';
export { sshdAvailable, startSshd, type TestSshd } from './sshd.ts';
export { makeTempDir, type TempDir } from './temp-dir.ts';
