const WIDTH = 110;
const LABEL = 12;
const INDENT = '     ';

/** Tells a demo to somebody who watches it. */
export interface Narrator {
  title(text: string): void;
  /** What happens next; they are counted. */
  step(text: string): void;
  /** Something about the step, such as what was answered. */
  detail(label: string, text: string): void;
  /** A line of what a command printed, as it is. */
  output(line: string): void;
}

/** Tells it as lines of plain text. */
export function createNarrator(print: (line: string) => void): Narrator {
  let steps = 0;

  return {
    title: (text) => print(text),

    step(text) {
      steps += 1;
      print('');
      for (const line of wrapped(text, `${String(steps).padStart(3)}. `, INDENT)) print(line);
    },

    output: (line) => print(`${INDENT}${line}`),

    detail(label, text) {
      const head = `${INDENT}${label.padEnd(LABEL)} `;
      for (const line of wrapped(text, head, ' '.repeat(head.length))) print(line);
    },
  };
}

function wrapped(text: string, first: string, next: string): string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(/\s+/)) {
    if (!empty && line.length + word.length + 1 > WIDTH) {
      lines.push(line);
      line = next;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }

  return [...lines, line];
}
