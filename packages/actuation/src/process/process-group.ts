import { errorCode } from '@praxis/core';

const live = new Set<number>();
let watching = false;

/** Sends `signal` to the whole process group; 0 only asks. Returns whether the group (still) exists. */
export function signalGroup(groupId: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-groupId, signal);
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ESRCH') return false;
    // A member changed its user (sudo): it exists, but it is out of our reach.
    if (code === 'EPERM') return true;
    throw error;
  }
}

/** Remembers a group until `forgetGroup`: when the server ends first, the group is ended with it. */
export function rememberGroup(groupId: number): void {
  if (!watching) {
    watching = true;
    process.on('exit', () => {
      for (const id of live) signalGroup(id, 'SIGKILL');
    });
  }
  live.add(groupId);
}

/** Undoes `rememberGroup`: the group has ended. */
export function forgetGroup(groupId: number): void {
  live.delete(groupId);
}
