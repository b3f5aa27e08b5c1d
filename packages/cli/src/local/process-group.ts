/** Ends a process and all that it started, at once. It must lead a group of its own. One that ended meanwhile is ended, too. */
export function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
