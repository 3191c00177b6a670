/** Checks of a run, and figures that are told and not judged. */
export interface Report {
  figure(name: string, value: string): void;
  check(name: string, value: string, passed: boolean): void;
  /** Prints both as a table, and `N passed, N failed`; says whether all passed. */
  print(): boolean;
}

export function createReport(): Report {
  const rows: { readonly verdict: string; readonly name: string; readonly value: string }[] = [];

  return {
    figure: (name, value) => void rows.push({ verdict: '', name, value }),
    check: (name, value, passed) => void rows.push({ verdict: passed ? 'passed' : 'FAILED', name, value }),

    print() {
      const width = Math.max(...rows.map(({ name }) => name.length));
      for (const { verdict, name, value } of rows) {
        console.log(`${verdict.padEnd(6)}  ${name.padEnd(width)}  ${value}`);
      }
      const failed = rows.filter(({ verdict }) => verdict === 'FAILED').length;
      const passed = rows.filter(({ verdict }) => verdict === 'passed').length;
      console.log(`${passed} passed, ${failed} failed`);

      return failed === 0;
    },
  };
}
