import type { Described, Place } from './tree.ts';

/** Shells that there is a script for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof SHELLS)[number];

/** The text that makes a shell complete `palisade`, at all of these places. */
export function completionScript(shell: Shell, places: readonly Place[]): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](places);
}

const HEAD = '# Completion of palisade, made by `palisade completion`; make it anew after an upgrade.';

function bashScript(places: readonly Place[]): string {
  const cases = places.map((place) => {
    const choices = place.options.flatMap(({ name, choices: words }) =>
      words === undefined || words.length === 0
        ? []
        : [`        ${name}) found=${quoted(words.join(' '))} ;;`],
    );
    const options = quoted(namesOf(place.options).join(' '));

    return [
      `    ${quoted(place.path)})`,
      '      case "$previous" in',
      ...choices,
      `        *) if [[ $current == -* ]]; then found=${options}; else found=${quoted(namesOf(place.commands).join(' '))}; fi ;;`,
      '      esac ;;',
    ].join('\n');
  });

  return `${HEAD}
# shellcheck shell=bash
_palisade() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}" at='' found='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
    case "\${at:+$at }$word" in
      ${knownPaths(places)}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at" in
${cases.join('\n')}
  esac
  # No word has a space. mapfile would need bash 4.
  # shellcheck disable=SC2207
  COMPREPLY=($(compgen -W "$found" -- "$current"))
}
# Where nothing is offered, files are.
complete -o default -F _palisade palisade
`;
}

function zshScript(places: readonly Place[]): string {
  const cases = places.map(
    (place) => `    ${quoted(place.path)})
      commands=(${place.commands.map(describedForZsh).join(' ')})
      options=(${place.options.map(describedForZsh).join(' ')}) ;;`,
  );
  const choices = places.flatMap((place) =>
    place.options.flatMap(({ name, choices: words }) =>
      words === undefined || words.length === 0
        ? []
        : [`    ${quoted(`${place.path} ${name}`)}) compadd -- ${words.map(quoted).join(' ')}; return ;;`],
    ),
  );

  return `#compdef palisade
${HEAD}
_palisade() {
  local at='' word
  local -a commands options
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${at:+$at }$word" in
      ${knownPaths(places)}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${choices.join('\n')}
  esac
  case "$at" in
${cases.join('\n')}
  esac
  if [[ \${words[CURRENT]} == -* ]]; then
    _describe option options
  elif (( \${#commands} )); then
    _describe command commands
  else
    _files
  fi
}
if [[ "\${funcstack[1]}" == _palisade ]]; then _palisade "$@"; else compdef _palisade palisade; fi
`;
}

function fishScript(places: readonly Place[]): string {
  const lines = places.flatMap((place) => {
    const here = `complete -c palisade -n ${fishQuoted(`__palisade_at ${fishQuoted(place.path)}`)}`;
    const files = place.commands.length > 0 ? ' -f' : '';

    return [
      ...place.commands.map(({ name, description }) => `${here} -f -a ${name} -d ${fishQuoted(description)}`),
      ...place.options.map(({ name, description, choices }) => {
        const value =
          choices === undefined
            ? ''
            : choices.length === 0
              ? ' -r'
              : ` -x -a ${fishQuoted(choices.join(' '))}`;

        return `${here}${value === '' ? files : ''} -l ${name.replace(/^--/, '')}${value} -d ${fishQuoted(description)}`;
      }),
    ];
  });
  const paths = places.flatMap(({ path }) => (path === '' ? [] : [fishQuoted(path)]));

  return `${HEAD}
function __palisade_at
  set -l at ''
  for word in (commandline -opc)[2..]
    switch (string trim -- "$at $word")
      case ${paths.join(' ')}
        set at (string trim -- "$at $word")
    end
  end
  test "$at" = "$argv[1]"
end
${lines.join('\n')}
`;
}

/** A pattern of `case`: words that lead from one command to the next. */
function knownPaths(places: readonly Place[]): string {
  return places.flatMap(({ path }) => (path === '' ? [] : [quoted(path)])).join(' | ');
}

function namesOf(some: readonly Described[]): readonly string[] {
  return some.map(({ name }) => name);
}

function describedForZsh({ name, description }: Described): string {
  return quoted(`${name.replaceAll(':', '\\:')}:${description}`);
}

/** As bash and zsh read it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
