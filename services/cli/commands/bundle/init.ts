import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { type BundleFiles, MANIFEST_PATH } from '../../../bundles/files.ts';
import { CliError, EXIT } from '../../errors.ts';
import { print, table } from '../../output.ts';
import { listTemplates, MINIMAL, readTemplate, type Template } from './templates.ts';

/** As bundle.yaml takes it. */
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

const EPILOGUE = `
Without [dir], the bundle goes into a new folder of its name, here. Its name is that of the folder where --name does not say.
A folder with anything in it is refused, so nothing is ever overwritten.

Exit codes: 0 the bundle is there; 1 it could not be written; 2 wrong usage, such as a folder that is not empty.

Examples:
  palisade bundle init --list
  palisade bundle init policies/my-agent --template coding-agent`;

interface Options {
  readonly template: string;
  readonly name?: string;
  readonly list?: boolean;
  readonly json?: boolean;
}

export function initCommand(): Command {
  return new Command('init')
    .argument('[dir]', 'an empty folder, or one that does not exist yet')
    .option('--template <name>', 'which bundle to begin with', MINIMAL)
    .option('--name <name>', 'name of the new bundle: lower-case letters, digits and hyphens')
    .option('--list', 'list the templates and write nothing')
    .option('--json', 'print JSON')
    .description(
      'Makes a new bundle from one that comes with Palisade, with tests that pass. Needs no running Palisade.',
    )
    .addHelpText('after', EPILOGUE)
    .action(async (dir: string | undefined, options: Options) => {
      const templates = await listTemplates();
      if (options.list === true) await printTemplates(templates, options.json);
      else await init(dir, options, templates);
    });
}

async function init(
  dir: string | undefined,
  { template, name, json }: Options,
  templates: readonly Template[],
): Promise<void> {
  const chosen = templates.find((one) => one.name === template);
  if (chosen === undefined) {
    const names = templates.map((one) => one.name).join(', ');
    throw new CliError(`there is no template ${template}; there are ${names}`, EXIT.usage);
  }

  const folder = dir ?? name ?? template;
  const bundle = name ?? nameOf(folder);
  if (!NAME.test(bundle)) {
    throw new CliError(
      `${bundle} is no name for a bundle: 1 to 63 lower-case letters, digits and hyphens; set --name`,
      EXIT.usage,
    );
  }
  await requireEmpty(folder);

  const files = named(await readTemplate(chosen), bundle);
  await writeFiles(folder, files);
  print({ dir: folder, name: bundle, template, files: [...files.keys()].sort() }, json, () => [
    `${folder} holds the bundle ${bundle}, made from ${template}: ${files.size} files.`,
    `Set owners in ${join(folder, MANIFEST_PATH)}.`,
    `Next: palisade bundle check ${folder}`,
  ]);
}

async function printTemplates(templates: readonly Template[], json: boolean | undefined): Promise<void> {
  const described = await Promise.all(
    templates.map(async (template) => ({ name: template.name, description: await descriptionOf(template) })),
  );

  print({ templates: described }, json, () =>
    table([
      ['TEMPLATE', 'WHAT IT DECIDES'],
      ...described.map(({ name, description }) => [name, description]),
    ]),
  );
}

async function descriptionOf(template: Template): Promise<string> {
  const manifest = textOf(await readTemplate(template), MANIFEST_PATH);

  return /^description: (.*)$/m.exec(manifest)?.[1] ?? '';
}

/** A name that a folder has, as near as a bundle can have it. */
function nameOf(folder: string): string {
  return basename(resolve(folder))
    .toLowerCase()
    .replaceAll(/[_. ]+/g, '-');
}

async function requireEmpty(folder: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw new CliError(`${folder} is not a folder that can be read`, EXIT.usage);
  }

  if (names.length > 0) {
    throw new CliError(`${folder} is not empty; choose a folder that is, or a new one`, EXIT.usage);
  }
}

function named(files: BundleFiles, name: string): BundleFiles {
  // Bare, YAML would read these as another type.
  const written = /^\d|^(true|false|null)$/.test(name) ? `"${name}"` : name;
  const manifest = textOf(files, MANIFEST_PATH).replace(/^name: .*$/m, `name: ${written}`);

  return new Map(files).set(MANIFEST_PATH, Buffer.from(manifest));
}

/** Where somebody makes one of the files at the same time, theirs stays. */
async function writeFiles(folder: string, files: BundleFiles): Promise<void> {
  for (const [path, content] of files) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content, { flag: 'wx' });
  }
}

function textOf(files: BundleFiles, path: string): string {
  return Buffer.from(files.get(path) ?? []).toString();
}
