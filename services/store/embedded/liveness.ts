/** Whether a process with that id exists, whoever owns it; ids are reused, so a yes says little and a no says all. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
