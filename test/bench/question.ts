import type { BundleFiles } from '../../services/bundles/files.ts';
import type { RawUid } from '../../services/engine/raw/raw.ts';

/** A request as text, with the answer that only its bundle's policies can give. */
export interface Question {
  readonly principal: RawUid;
  readonly action: RawUid;
  readonly resource: RawUid;
  /** Cedar JSON text. */
  readonly context: string;
  /** Cedar JSON text. */
  readonly entities: string;
  readonly want: 'allow' | 'deny';
}

/** A bundle, and what it is asked. */
export interface Workload {
  readonly files: BundleFiles;
  /** @param index from 0; different ones give different questions, as far as a workload has them. */
  question(index: number): Question;
}

/** @param texts by path. */
export function bundleFiles(texts: Readonly<Record<string, string>>): BundleFiles {
  return new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
}
