import { expect, test } from 'vitest';
import { createProgram, programFor } from '../../services/cli/program.ts';

const whole = await createProgram();
const names = whole.commands.map((command) => command.name());

test.each(names.filter((name) => name !== 'completion'))(
  'a line that begins with %s reads that command alone, as it stands among all',
  async (name) => {
    const { commands } = await programFor([name, 'x']);
    const among = whole.commands.find((command) => command.name() === name);

    expect(commands.map((command) => command.helpInformation())).toEqual([among?.helpInformation()]);
  },
);

test.each([[[]], [['--help']], [['help', 'bundle']], [['nope']], [['toString']], [['completion', 'bash']]])(
  'the line %j reads every command',
  async (line) => {
    const { commands } = await programFor(line);

    expect(commands.map((command) => command.name())).toEqual(names);
  },
);
