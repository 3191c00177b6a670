import { parseJson } from '../../engine/raw/json.ts';
import { isRawArray, RawObject } from '../../engine/raw/raw.ts';
import { type BundleFiles, LINKS_PATH } from '../files.ts';
import { placeOf } from '../json-place.ts';
import type { ParsedBundle } from '../parse.ts';
import { headOf } from '../policies.ts';
import type { Problems } from '../problems.ts';
import { decodeSource, type Source, type Span } from '../source.ts';
import type { LintName } from './names.ts';

/** Puts what lints say where the policy, template or link stands. */
export interface PolicyPlaces {
  warn(
    lint: LintName,
    id: string,
    message: string,
    options: { readonly span?: Span | undefined; readonly help?: string },
  ): void;
}

export function createPolicyPlaces(
  bundle: ParsedBundle,
  files: BundleFiles,
  problems: Problems,
): PolicyPlaces {
  const byId = new Map(bundle.parsed.map((policy) => [policy.id, policy]));
  let links: Links | undefined;

  return {
    warn(lint, id, message, { span, help }) {
      const options = { severity: 'warning', policyId: id, lint, help } as const;
      const policy = byId.get(id);
      if (policy !== undefined) {
        problems.at(policy.source, span ?? headOf(policy), 'lint', message, options);
        return;
      }

      links ??= readLinkPlaces(files.get(LINKS_PATH));
      const at = links?.indexes.get(id);
      if (links === undefined || at === undefined)
        problems.of(LINKS_PATH, 'lint', `${id}: ${message}`, options);
      else
        problems.at(links.source, placeOf(links.source, `[${at}].id`), 'lint', `${id}: ${message}`, options);
    },
  };
}

interface Links {
  readonly source: Source;
  readonly indexes: ReadonlyMap<string, number>;
}

function readLinkPlaces(bytes: Uint8Array | undefined): Links | undefined {
  const source = bytes && decodeSource(LINKS_PATH, bytes);
  if (source === undefined) return undefined;

  const items = parseJson(source.text, '');
  const ids = isRawArray(items)
    ? items.map((item) => (item instanceof RawObject ? item.entries.get('id') : null))
    : [];

  return {
    source,
    indexes: new Map(ids.flatMap((id, at) => (typeof id === 'string' ? [[id, at] as const] : []))),
  };
}
