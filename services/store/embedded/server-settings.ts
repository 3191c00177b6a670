/** Settings for the server's command line, each `name=value`; all others keep PostgreSQL's defaults. */
export function serverSettings(server: {
  readonly socketDir: string;
  readonly disposable: boolean;
}): string[] {
  // A list, in which a folder's name may hold commas and spaces only within double quotes.
  const socketDirs = `"${server.socketDir.replaceAll('"', '""')}"`;
  const settings = [
    'listen_addresses=',
    `unix_socket_directories=${socketDirs}`,
    'unix_socket_permissions=0700',
    'log_line_prefix=%m [%p] ',
    'log_timezone=UTC',
    'timezone=UTC',
    // The log must not hold what the tables hold: neither statements that failed nor the rows of an error's detail.
    'log_min_error_statement=panic',
    'log_error_verbosity=terse',
  ];
  if (!server.disposable) return settings;

  // A killed server still loses nothing that it has committed: synchronous_commit stays on.
  return [...settings, 'fsync=off', 'full_page_writes=off', 'autovacuum=off'];
}
