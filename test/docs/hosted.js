// `palisade` for the shells of the pages: another process, which is there already, runs the command line. Plain JavaScript
// and next to no imports, because each command starts it.
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

const socket = connect(process.env.DOCS_HOST);
socket.end(JSON.stringify({ args: process.argv.slice(2), env: process.env, cwd: process.cwd() }));
const { code, stdout, stderr } = JSON.parse(await text(socket));
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = code;
